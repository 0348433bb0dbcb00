import { describe, expect, test } from "@jest/globals";
import { echoAnswer, echoOf } from "../../../src/gateway/internal/echo";
import type { InboundMessage } from "../../../src/gateway/internal/internal-side";

const message: InboundMessage = {
  from: "bob@fabrikam.example/desk",
  to: "echo@contoso.example",
  type: "chat",
  body: "hello",
};

test("every local domain has an echo", () => {
  expect(echoOf("contoso.example")).toBe("echo@contoso.example");
});

describe("the echo answers with the same body, to the address that wrote", () => {
  test.each<[string, Partial<InboundMessage>, object]>([
    ["a chat message", {}, { type: "chat" }],
    ["a message of type normal", { type: "normal" }, { type: "normal" }],
    ["a headline", { type: "headline" }, { type: "headline" }],
    ["a message in a thread", { thread: "t1" }, { type: "chat", thread: "t1" }],
    ["a message with a subject, which is not part of the body", { subject: "s" }, { type: "chat" }],
    ["a message with an id, which is the sender's own", { id: "x1" }, { type: "chat" }],
    [
      "a message without a localpart in its sender",
      { from: "fabrikam.example" },
      { type: "chat", to: "fabrikam.example" },
    ],
    [
      "a sender who is only named like it",
      { from: "echoes@fabrikam.example" },
      { type: "chat", to: "echoes@fabrikam.example" },
    ],
    ["an empty body", { body: "" }, { type: "chat", body: "" }],
  ])("%s", (_name, change, expected) => {
    expect(echoAnswer({ ...message, ...change })).toEqual({
      from: "echo@contoso.example",
      to: "bob@fabrikam.example/desk",
      body: "hello",
      ...expected,
    });
  });
});

describe("the echo keeps silent to", () => {
  test.each<[string, Partial<InboundMessage>]>([
    ["an error, even one with a body", { type: "error", error: { condition: "service-unavailable" } }],
    ["another echo", { from: "echo@fabrikam.example" }],
    ["another echo with a resource", { from: "echo@fabrikam.example/x" }],
    ["itself", { from: "echo@contoso.example" }],
    ["a room", { type: "groupchat" }],
  ])("%s", (_name, change) => {
    expect(echoAnswer({ ...message, ...change })).toBeUndefined();
  });

  test("what has no body", () => {
    const { body: _, ...empty } = message;
    expect(echoAnswer(empty)).toBeUndefined();
  });
});
