import { describe, expect, test } from "@jest/globals";
import {
  serverNamespace,
  stanzaErrorsNamespace,
  streamErrorsNamespace,
  streamsNamespace,
} from "../../src/stream/namespaces";
import { errorReply, readStanzaError, type StanzaCondition, stanzaErrorElement } from "../../src/stream/stanza-error";
import { readStreamError, STREAM_ERROR_CONDITIONS, streamErrorElement } from "../../src/stream/stream-error";
import { childNamed, xml } from "../../src/stream/xml/element";

describe("stream errors", () => {
  test.each(STREAM_ERROR_CONDITIONS)("%s reads back, with its text", (condition) => {
    expect(readStreamError(streamErrorElement({ condition, text: "why" }))).toEqual({ condition, text: "why" });
    expect(readStreamError(streamErrorElement({ condition }))).toEqual({ condition });
  });

  test.each([
    ["an unknown condition", xml("new-condition", streamErrorsNamespace)],
    ["a condition of another namespace", xml("reset", "urn:other")],
    ["a text alone", xml("text", streamErrorsNamespace, {}, "x")],
  ])("%s is undefined-condition (RFC 6120 section 4.9.3.21)", (_, child) => {
    expect(readStreamError(xml("error", streamsNamespace, {}, child)).condition).toBe("undefined-condition");
  });

  test("a peer's text is cut", () => {
    const text = xml("text", streamErrorsNamespace, {}, "x".repeat(10_000));
    expect(readStreamError(xml("error", streamsNamespace, {}, text)).text).toHaveLength(256);
  });
});

describe("stanza errors", () => {
  // RFC 6120 section 8.3.3.
  test.each<[StanzaCondition, string]>([
    ["bad-request", "modify"],
    ["feature-not-implemented", "cancel"],
    ["forbidden", "auth"],
    ["internal-server-error", "cancel"],
    ["item-not-found", "cancel"],
    ["jid-malformed", "modify"],
    ["not-acceptable", "modify"],
    ["not-allowed", "cancel"],
    ["not-authorized", "auth"],
    ["policy-violation", "modify"],
    ["recipient-unavailable", "wait"],
    ["remote-server-not-found", "cancel"],
    ["remote-server-timeout", "wait"],
    ["resource-constraint", "wait"],
    ["service-unavailable", "cancel"],
  ])("%s is of type %s", (condition, type) => {
    expect(stanzaErrorElement(condition, serverNamespace).attrs.type).toBe(type);
  });

  test("a reply swaps the addresses, keeps the id and quotes nothing of the stanza", () => {
    const stanza = xml(
      "message",
      serverNamespace,
      { from: "a@x", to: "b@y", id: "i", type: "chat" },
      xml("body", serverNamespace, {}, "secret"),
    );
    const reply = errorReply(stanza, "service-unavailable", "why");
    expect({ ...reply.attrs }).toEqual({ from: "b@y", to: "a@x", id: "i", type: "error" });
    expect(childNamed(reply, "body", serverNamespace)).toBeUndefined();
    expect(readStanzaError(reply)).toEqual({ condition: "service-unavailable", text: "why" });
  });

  test("a reply to a stanza without id has none", () => {
    expect("id" in errorReply(xml("presence", serverNamespace, { from: "a@x", to: "b@y" }), "bad-request").attrs).toBe(
      false,
    );
  });

  test.each([
    ["no error element", xml("message", serverNamespace, { type: "error" })],
    ["an empty one", xml("message", serverNamespace, { type: "error" }, xml("error", serverNamespace))],
  ])("%s is undefined-condition", (_, stanza) => {
    expect(readStanzaError(stanza)).toEqual({ condition: "undefined-condition" });
  });

  test("what a peer says is cut", () => {
    const error = xml(
      "error",
      serverNamespace,
      {},
      xml("x".repeat(1000), stanzaErrorsNamespace),
      xml("text", stanzaErrorsNamespace, {}, "y".repeat(10_000)),
    );
    const { condition, text } = readStanzaError(xml("message", serverNamespace, {}, error));
    expect(condition).toHaveLength(64);
    expect(text).toHaveLength(512);
  });
});
