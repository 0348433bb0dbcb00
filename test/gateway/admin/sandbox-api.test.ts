import { describe, expect, test } from "@jest/globals";
import { createLog } from "../../../src/gateway/log";
import { ALICE, askSandbox, BOB, sandboxPort, TOKEN } from "./admin-port";

describe("POST /sandbox/messages", () => {
  test.each([
    ["the least that it takes", {}],
    ["all that it takes", { id: "x1", type: "normal", subject: "s", thread: "t" }],
    ["text of every kind that XML can carry", { body: "tab\t line\n <b>&amp;</b> é 漢 😀" }],
  ])("%s goes to the federation side as it is", async (_name, change) => {
    const { admin, federation } = await sandboxPort();
    const message = { from: ALICE, to: BOB, body: "hello", ...change };
    const reply = await askSandbox(admin, "POST", "/sandbox/messages", message);
    expect(reply).toMatchObject({ status: 202, text: '{"id":"m1"}\n' });
    expect(federation.calls).toEqual([["send", message]]);
  });

  test("is answered when the message is durable, and not accepted when it cannot be", async () => {
    const { admin, federation, store } = await sandboxPort();
    const order: string[] = [];
    federation.send = () => {
      store.putSetting("sent", "yes");
      void store.committed().then(() => order.push("durable"));
      return { ok: true, id: "m1" };
    };
    await askSandbox(admin, "POST", "/sandbox/messages", { from: ALICE, to: BOB, body: "hello" });
    order.push("answered");
    expect(order).toEqual(["durable", "answered"]);

    // More than the state file may hold.
    federation.send = () => {
      store.putSetting("sent", "x".repeat(8 * 1024 * 1024));
      return { ok: true, id: "m2" };
    };
    const reply = await askSandbox(admin, "POST", "/sandbox/messages", { from: ALICE, to: BOB, body: "hello" });
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.text)).toMatchObject({ condition: "internal-server-error" });
  });
});

describe("GET /sandbox/messages", () => {
  test("gives what came, page by page", async () => {
    const { admin, sandbox } = await sandboxPort();
    for (const body of ["1", "2", "3"]) sandbox.deliver({ from: BOB, to: ALICE, type: "chat", body });
    const first = JSON.parse((await askSandbox(admin, "GET", `/sandbox/messages?user=${ALICE}&limit=2`)).text);
    expect(first).toMatchObject({ entries: [{ kind: "message", from: BOB, body: "1" }, { body: "2" }], next: 2 });
    const second = JSON.parse(
      (await askSandbox(admin, "GET", `/sandbox/messages?user=Alice%40Contoso.example&after=${first.next}`)).text,
    );
    expect(second).toMatchObject({ entries: [{ body: "3", at: "2026-01-02T12:00:00.000Z" }], next: 3 });
  });
});

describe("/sandbox/contacts", () => {
  test("lists, adds and removes", async () => {
    const { admin, store, federation } = await sandboxPort();
    store.putContact({
      local: ALICE,
      remote: BOB,
      state: "subscribed",
      refreshedAt: Date.parse("2026-01-01T00:00:00Z"),
    });
    const list = await askSandbox(admin, "GET", `/sandbox/contacts?user=${ALICE}`);
    expect(JSON.parse(list.text)).toEqual({
      contacts: [{ contact: BOB, state: "subscribed", refreshedAt: "2026-01-01T00:00:00.000Z" }],
    });
    const added = await askSandbox(admin, "POST", "/sandbox/contacts", { user: ALICE, contact: BOB });
    const removed = await askSandbox(admin, "DELETE", `/sandbox/contacts?user=${ALICE}&contact=${BOB}`);
    for (const reply of [added, removed]) expect(reply).toMatchObject({ status: 202, text: '{"accepted":true}\n' });
    expect(federation.calls).toEqual([
      ["addContact", ALICE, BOB],
      ["removeContact", ALICE, BOB],
    ]);
  });
});

test("PUT /sandbox/presence keeps and announces availability", async () => {
  const { admin, sandbox, federation } = await sandboxPort();
  const availability = { available: true, show: "dnd", status: "in a meeting" } as const;
  const reply = await askSandbox(admin, "PUT", "/sandbox/presence", { user: ALICE, ...availability });
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.text)).toEqual({ user: ALICE, ...availability });
  expect(sandbox.availability(ALICE)).toEqual(availability);
  expect(federation.calls).toEqual([["announce", ALICE, availability]]);
});

test("POST /sandbox/typing tells the chat state", async () => {
  const { admin, federation } = await sandboxPort();
  const reply = await askSandbox(admin, "POST", "/sandbox/typing", { from: ALICE, to: BOB, state: "composing" });
  expect(reply).toMatchObject({ status: 202, text: '{"accepted":true}\n' });
  expect(federation.calls).toEqual([["typing", ALICE, BOB, "composing"]]);
});

test("no body, subject, status or token is in the log, at any level", async () => {
  const lines: string[] = [];
  const { admin, sandbox } = await sandboxPort(createLog((line) => lines.push(line), "debug", Date.now));
  sandbox.deliver({ from: BOB, to: ALICE, type: "chat", body: "SECRET" });
  sandbox.deliver({ from: BOB, to: "echo@contoso.example", type: "chat", body: "SECRET" });
  const message = { from: ALICE, to: BOB, body: "SECRET", subject: "SECRET" };
  await askSandbox(admin, "POST", "/sandbox/messages", message);
  await askSandbox(admin, "POST", "/sandbox/messages", { ...message, SECRET: 1 });
  await askSandbox(admin, "PUT", "/sandbox/presence", { user: ALICE, available: true, status: "SECRET" });
  await askSandbox(admin, "GET", `/sandbox/messages?user=${ALICE}&x=SECRET`);
  expect(lines.length).toBeGreaterThanOrEqual(4);
  expect(lines.join("")).not.toMatch(/SECRET/);
  expect(lines.join("")).not.toContain(TOKEN);
});
