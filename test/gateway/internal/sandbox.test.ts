import { describe, expect, test } from "@jest/globals";
import type { InboxPage } from "../../../src/gateway/internal/inbox";
import type { InboundMessage } from "../../../src/gateway/internal/internal-side";
import { createSandbox, NoSuchUserError, type Sandbox } from "../../../src/gateway/internal/sandbox";
import type { Log } from "../../../src/gateway/log";
import { openState, silent, stateFolder } from "../store/state-folder";
import { recordedFederation } from "./recorded-federation";

const ALICE = "alice@contoso.example";
const BOB = "bob@fabrikam.example";
const NOON = Date.parse("2026-01-02T12:00:00Z");

function sandboxIn(folder: string, log: Log = silent) {
  const store = openState(folder);
  const federation = recordedFederation();
  const sandbox = createSandbox({
    users: [ALICE, "dan@contoso.example"],
    localDomains: ["contoso.example", "contoso.net.example"],
    store,
    now: () => NOON,
    log,
  })(federation);
  return { store, federation, sandbox };
}

function page(sandbox: Sandbox, user = ALICE, after = 0, limit = 100): InboxPage {
  const found = sandbox.inbox(user, after, limit);
  if ("ok" in found) throw new Error(found.text);
  return found;
}

const message = (change: Partial<InboundMessage> = {}): InboundMessage => ({
  from: `${BOB}/desk`,
  to: ALICE,
  type: "chat",
  body: "hello",
  ...change,
});

describe("who is a user", () => {
  test.each([
    [ALICE, true],
    ["echo@contoso.example", true],
    ["echo@contoso.net.example", true],
    ["echo@fabrikam.example", false],
    ["mallory@contoso.example", false],
    ["contoso.example", false],
    ["__proto__", false],
  ])("%s: %s", (address, expected) => {
    expect(sandboxIn(stateFolder()).sandbox.hasUser(address)).toBe(expected);
  });
});

describe("the inbox", () => {
  test("holds messages, errors, presence, subscriptions and typing, in the order in which they came", () => {
    const { sandbox } = sandboxIn(stateFolder());
    sandbox.deliver(message({ id: "x1", subject: "s", thread: "t" }));
    sandbox.deliver(
      message({
        type: "error",
        id: "m9",
        body: "what I wrote",
        error: { condition: "item-not-found", text: "no such user" },
      }),
    );
    sandbox.presence({ from: `${BOB}/desk`, to: ALICE, available: true, show: "dnd", status: "in a meeting" });
    sandbox.presence({ from: `${BOB}/desk`, to: ALICE, available: false });
    sandbox.subscribe({ local: ALICE, remote: BOB, state: "watching" });
    sandbox.typing(`${BOB}/desk`, ALICE, "composing");
    const at = "2026-01-02T12:00:00.000Z";
    const from = `${BOB}/desk`;
    expect(page(sandbox)).toEqual({
      entries: [
        { entry: 1, at, kind: "message", type: "chat", from, id: "x1", body: "hello", subject: "s", thread: "t" },
        {
          entry: 2,
          at,
          kind: "error",
          from,
          id: "m9",
          body: "what I wrote",
          error: { condition: "item-not-found", text: "no such user" },
        },
        { entry: 3, at, kind: "presence", from, available: true, show: "dnd", status: "in a meeting" },
        { entry: 4, at, kind: "presence", from, available: false },
        { entry: 5, at, kind: "subscription", from: BOB, state: "watching" },
        { entry: 6, at, kind: "typing", from, state: "composing" },
      ],
      next: 6,
    });
  });

  test("is read on from a cursor, which stays where it is when nothing has come", () => {
    const { sandbox } = sandboxIn(stateFolder());
    for (const body of ["1", "2", "3"]) sandbox.deliver(message({ body }));
    const first = page(sandbox, ALICE, 0, 2);
    const second = page(sandbox, ALICE, first.next, 2);
    expect([first.entries.length, second.entries.length]).toEqual([2, 1]);
    expect(page(sandbox, ALICE, second.next)).toEqual({ entries: [], next: second.next });
  });

  test("belongs to one user", () => {
    const { sandbox } = sandboxIn(stateFolder());
    sandbox.deliver(message());
    expect(page(sandbox, "dan@contoso.example").entries).toEqual([]);
  });

  test("is there after a restart, once it was committed", async () => {
    const folder = stateFolder();
    const { sandbox, store } = sandboxIn(folder);
    sandbox.deliver(message());
    await sandbox.committed();
    await store.close();
    expect(page(sandboxIn(folder).sandbox).entries).toHaveLength(1);
  });

  test("loses its oldest beyond 10,000 entries, and the log says so once, without a body", () => {
    const warnings: unknown[] = [];
    const log = { ...silent, warn: (event: string, fields?: object) => warnings.push({ event, ...fields }) };
    const { sandbox } = sandboxIn(stateFolder(), log);
    for (let n = 1; n <= 10_003; n += 1) sandbox.deliver(message({ body: `number ${n}` }));
    expect(page(sandbox, ALICE, 0, 1).entries).toMatchObject([{ body: "number 4" }]);
    expect(warnings).toEqual([{ event: "inbox-full", user: ALICE, entries: 10_000 }]);
  });

  test("gives no more than 1000 entries and about a million characters at once", () => {
    const { sandbox } = sandboxIn(stateFolder());
    for (let n = 0; n < 1100; n += 1) sandbox.deliver(message({ body: "x" }));
    expect(page(sandbox, ALICE, 0, 5000).entries).toHaveLength(1000);
    for (let n = 0; n < 10; n += 1) sandbox.deliver(message({ body: "x".repeat(250_000) }));
    expect(page(sandbox, ALICE, 1100, 1000).entries).toHaveLength(4);
  });

  test("exists for users alone: a message for anyone else is a fault, the rest is nobody's", () => {
    const { sandbox } = sandboxIn(stateFolder());
    expect(() => sandbox.deliver(message({ to: "mallory@contoso.example" }))).toThrow(NoSuchUserError);
    sandbox.typing(BOB, "echo@contoso.example", "composing");
    sandbox.presence({ from: BOB, to: "mallory@contoso.example", available: true });
    sandbox.subscribe({ local: "echo@contoso.example", remote: BOB, state: "watching" });
    expect(sandbox.inbox("mallory@contoso.example", 0, 10)).toMatchObject({ ok: false, condition: "item-not-found" });
    expect(sandbox.inbox("echo@contoso.example", 0, 10)).toMatchObject({ ok: false, condition: "forbidden" });
  });
});

describe("the echo user", () => {
  test("answers through the federation side, so under the same policy as anyone", () => {
    const { sandbox, federation } = sandboxIn(stateFolder());
    sandbox.deliver(message({ to: "echo@contoso.example", id: "x1" }));
    expect(federation.calls).toEqual([
      ["send", { from: "echo@contoso.example", to: `${BOB}/desk`, type: "chat", body: "hello" }],
    ]);
  });

  test("is silent where the policy refuses its answer", () => {
    const { sandbox, federation } = sandboxIn(stateFolder());
    federation.outcome = { ok: false, condition: "policy-violation", text: "not allowed" };
    sandbox.deliver(message({ to: "echo@contoso.example" }));
    expect(federation.calls).toHaveLength(1);
  });

  test("does not answer another echo or an error", () => {
    const { sandbox, federation } = sandboxIn(stateFolder());
    sandbox.deliver(message({ to: "echo@contoso.example", from: "echo@fabrikam.example" }));
    sandbox.deliver(message({ to: "echo@contoso.example", type: "error" }));
    expect(federation.calls).toEqual([]);
  });

  test("is always available", () => {
    const { sandbox } = sandboxIn(stateFolder());
    expect(sandbox.availability("echo@contoso.net.example")).toEqual({ available: true });
  });
});

describe("availability", () => {
  test("is unavailable until it is set, and for who is no user", () => {
    const { sandbox } = sandboxIn(stateFolder());
    expect(sandbox.availability(ALICE)).toEqual({ available: false });
    expect(sandbox.availability("mallory@contoso.example")).toEqual({ available: false });
  });

  test("is announced and kept over a restart", async () => {
    const folder = stateFolder();
    const { sandbox, store, federation } = sandboxIn(folder);
    const away = { available: true, show: "away", status: "lunch" } as const;
    expect(sandbox.setAvailability("Alice@CONTOSO.example/phone", away)).toBeUndefined();
    expect(federation.calls).toEqual([["announce", ALICE, away]]);
    await sandbox.close();
    await store.close();
    expect(sandboxIn(folder).sandbox.availability(ALICE)).toEqual(away);
  });
});

describe("what a user does goes to the federation side with prepared addresses", () => {
  const upper = "ALICE@Contoso.example";
  test.each<[string, (sandbox: Sandbox) => unknown, readonly unknown[]]>([
    [
      "a message",
      (sandbox) => sandbox.send({ from: upper, to: "Bob@Fabrikam.example/Desk", body: "hi", id: "x1" }),
      ["send", { from: ALICE, to: `${BOB}/Desk`, body: "hi", id: "x1" }],
    ],
    ["a new contact", (sandbox) => sandbox.addContact(upper, `${BOB}/desk`), ["addContact", ALICE, BOB]],
    [
      "a contact removed",
      (sandbox) => sandbox.removeContact(upper, "BOB@fabrikam.example"),
      ["removeContact", ALICE, BOB],
    ],
    ["typing", (sandbox) => sandbox.sendTyping(upper, BOB, "paused"), ["typing", ALICE, BOB, "paused"]],
  ])("%s", (_name, act, call) => {
    const { sandbox, federation } = sandboxIn(stateFolder());
    expect(act(sandbox)).toEqual({ ok: true, id: "m1" });
    expect(federation.calls).toEqual([call]);
    federation.outcome = { ok: false, condition: "policy-violation", text: "no" };
    expect(act(sandbox)).toBe(federation.outcome);
  });
});

describe("refused before the federation side hears of it", () => {
  test.each<[string, string, string, string]>([
    ["a sender who is no user", "mallory@contoso.example", BOB, "item-not-found"],
    ["a sender at a partner", BOB, BOB, "item-not-found"],
    ["the echo as sender", "echo@contoso.example", BOB, "forbidden"],
    ["a sender that is no address", "al ice@contoso.example", BOB, "jid-malformed"],
    ["a recipient that is no address", ALICE, "@fabrikam.example", "jid-malformed"],
    ["a recipient at an address literal", ALICE, "bob@192.0.2.1", "jid-malformed"],
    ["an endless recipient", ALICE, `${"b".repeat(100_000)}@fabrikam.example`, "jid-malformed"],
  ])("%s", (_name, from, to, condition) => {
    const { sandbox, federation } = sandboxIn(stateFolder());
    const outcome = sandbox.send({ from, to, body: "hi" });
    expect(outcome).toMatchObject({ ok: false, condition });
    if (!outcome.ok) expect(outcome.text.length).toBeLessThan(300);
    expect(federation.calls).toEqual([]);
  });
});

test("contacts are those of the gateway's own state", () => {
  const { sandbox, store } = sandboxIn(stateFolder());
  const contact = { local: ALICE, remote: BOB, state: "asked", refreshedAt: 5 } as const;
  store.putContact(contact);
  expect(sandbox.contacts(ALICE)).toEqual([contact]);
  expect(sandbox.contacts("mallory@contoso.example")).toMatchObject({ ok: false, condition: "item-not-found" });
});
