/** What the inner side may send, and what becomes of it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
import { ALICE, ANN, closeRouters, createRouter, PAIR, stanza } from "./routing-rig";

afterEach(closeRouters);

const MINUTE = 60_000;

describe("a message", () => {
  test("is stored before it is handed on, with its id", () => {
    const rig = createRouter();
    expect(rig.side.send({ from: ALICE, to: `${ANN}/phone`, id: "m1", body: "b & c", thread: "t" })).toEqual({
      ok: true,
      id: "m1",
    });
    expect(rig.store.outgoing()).toMatchObject([
      { stanzaId: "m1", sender: ALICE, recipient: `${ANN}/phone`, state: "queued", expiresAt: rig.clock.now + MINUTE },
    ]);
    expect(rig.items[0]?.row).toBe(rig.store.outgoing()[0]?.row);
    expect({ ...rig.sent()[0]?.attrs }).toEqual({ from: ALICE, to: `${ANN}/phone`, id: "m1", type: "chat" });
  });

  test("gets an id where it has none", () => {
    const rig = createRouter();
    expect(rig.side.send({ from: ALICE, to: ANN, body: "b" })).toEqual({ ok: true, id: "made-id" });
  });

  test.each([
    ["from nobody here", { from: `nobody@${LOCAL}` }, "item-not-found"],
    ["from a domain", { from: LOCAL }, "jid-malformed"],
    ["from what is no address", { from: "a b" }, "jid-malformed"],
    ["to a domain", { to: REMOTE }, "jid-malformed"],
    ["to what is no address", { to: "@@" }, "jid-malformed"],
    ["to no partner", { to: "x@unlisted.example" }, "remote-server-not-found"],
  ])("%s is refused", (_, parts, condition) => {
    const rig = createRouter();
    expect(rig.side.send({ from: ALICE, to: ANN, body: "b", ...parts })).toMatchObject({ ok: false, condition });
    expect([rig.items, rig.store.outgoing()]).toEqual([[], []]);
  });

  test("of a user who may not federate is refused, also to a contact", () => {
    const users = [{ address: ALICE, allowed: false, because: "policy" }];
    const rig = createRouter({}, { access: { everyone: { allowed: true, because: "all" }, users } });
    expect(rig.side.send({ from: ALICE, to: ANN, body: "b" })).toMatchObject({ ok: false, condition: "forbidden" });
    expect(rig.side.send({ from: `bob@${LOCAL}`, to: ANN, body: "b" })).toMatchObject({ ok: true });
  });

  test("to a partner that may not talk to this domain of ours is refused", () => {
    const rig = createRouter(
      { localDomains: ["other.contoso.example"] },
      { localDomains: [LOCAL, "other.contoso.example"] },
    );
    expect(rig.side.send({ from: ALICE, to: ANN, body: "b" })).toMatchObject({ condition: "remote-server-not-found" });
  });

  test("for which the queue has no room is refused before it is stored", () => {
    const rig = createRouter();
    rig.full = true;
    expect(rig.side.send({ from: ALICE, to: ANN, body: "b" })).toMatchObject({ condition: "resource-constraint" });
    expect(rig.store.outgoing()).toEqual([]);
  });

  test("that cannot be delivered comes back to its sender with its id, and leaves the store", () => {
    const rig = createRouter();
    rig.side.send({ from: ALICE, to: ANN, id: "m1", body: "b" });
    rig.items[0]!.giveBack("remote-server-timeout", "no stream");
    expect(rig.delivered).toEqual([
      {
        from: ANN,
        to: ALICE,
        id: "m1",
        type: "error",
        error: { condition: "remote-server-timeout", text: "no stream" },
      },
    ]);
    expect(rig.store.outgoing()).toEqual([]);
  });

  test("sending one does not make a contact", () => {
    const rig = createRouter({ partnerType: "PublicUnverified" });
    rig.side.send({ from: ALICE, to: ANN, body: "b" });
    rig.receive(stanza("message", { id: "r" }));
    expect(rig.sent()[1]?.attrs.type).toBe("error");
  });
});

describe("after a restart", () => {
  test("what was never written goes out with time again, what may have been comes back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-router-"));
    const first = createRouter({}, {}, folder);
    for (const id of ["queued", "written"]) first.side.send({ from: ALICE, to: ANN, id, body: id });
    first.store.markWritten([first.items[1]!.row!]);
    await first.store.close();
    const next = createRouter({}, {}, folder);
    next.clock.now += 10 * MINUTE;
    next.router.recover();
    expect(next.items.map((item) => item.xml)).toEqual([first.items[0]!.xml]);
    expect(next.items[0]?.expiresAt).toBe(next.clock.now + MINUTE);
    expect(next.delivered).toMatchObject([{ to: ALICE, id: "written", error: { condition: "remote-server-timeout" } }]);
    expect(next.delivered[0]?.error?.text).toContain("may have arrived");
    expect(next.store.outgoing().map((one) => one.stanzaId)).toEqual(["queued"]);
  });

  test("what was never written comes back where its sender may federate no more", async () => {
    const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-router-"));
    const first = createRouter({}, {}, folder);
    first.side.send({ from: ALICE, to: ANN, id: "m", body: "b" });
    await first.store.close();
    const next = createRouter({}, { access: { everyone: { allowed: false, because: "" }, users: [] } }, folder);
    next.router.recover();
    expect(next.items).toEqual([]);
    expect(next.delivered).toMatchObject([{ to: ALICE, id: "m", error: { condition: "forbidden" } }]);
  });

  test("what belongs to a user who is none any more does not go out, nor keep the gateway from starting", async () => {
    const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-router-"));
    const first = createRouter({}, {}, folder);
    for (const id of ["written", "queued"]) first.side.send({ from: ALICE, to: ANN, id, body: id });
    first.store.markWritten([first.items[0]!.row!]);
    await first.store.close();
    const next = createRouter({}, { internal: { kind: "sandbox", users: [] } }, folder);
    next.router.recover();
    expect([next.items, next.delivered, next.store.outgoing()]).toEqual([[], [], []]);
  });
});

describe("contacts", () => {
  test("adding one asks for its presence, and again only if that is not granted", () => {
    const rig = createRouter();
    expect(rig.side.addContact(ALICE, ANN)).toMatchObject({ ok: true });
    rig.side.addContact(ALICE, ANN);
    rig.receive(stanza("presence", { type: "subscribed", from: ANN }));
    rig.side.addContact(ALICE, ANN);
    expect(rig.sent().map((one) => one.attrs.type)).toEqual(["subscribe", "subscribe"]);
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("subscribed");
  });

  test("adding one entitles a PublicUnverified partner's user, removing it ends that", () => {
    const rig = createRouter({ partnerType: "PublicUnverified" });
    rig.side.addContact(ALICE, ANN);
    rig.receive(stanza("presence", { type: "subscribe", from: ANN }));
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(true);
    rig.items.length = 0;
    rig.side.removeContact(ALICE, ANN);
    expect(rig.sent().map((one) => `${one.attrs.type} ${one.attrs.from}`)).toEqual([
      `unsubscribe ${ALICE}`,
      `unavailable ${ALICE}/xmpp-edge`,
      `unsubscribed ${ALICE}`,
    ]);
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(false);
    expect(rig.store.contact(ALICE, ANN)).toBeUndefined();
  });

  test("removing one of a Federated partner leaves its own view of us", () => {
    const rig = createRouter();
    rig.store.addWatcher(ALICE, ANN);
    rig.side.addContact(ALICE, ANN);
    rig.side.removeContact(ALICE, ANN);
    expect(rig.sent().map((one) => one.attrs.type)).toEqual(["subscribe", "unsubscribe"]);
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(true);
  });

  test("removing one that is none is refused", () => {
    expect(createRouter().side.removeContact(ALICE, ANN)).toMatchObject({ condition: "item-not-found" });
  });
});

test("presence is judged by the policy at every send, whatever a subscription once allowed", () => {
  const rig = createRouter({ partnerType: "Federated" });
  rig.store.addWatcher(ALICE, ANN);
  rig.side.announce(ALICE, { available: true, status: "note" });
  rig.policy = partnerPolicy(documentOf([partner({ partnerType: "PublicVerified" })]));
  rig.side.announce(ALICE, { available: true, status: "note" });
  rig.policy = partnerPolicy(documentOf([partner({ partnerType: "PublicUnverified" })]));
  rig.side.announce(ALICE, { available: true, status: "note" });
  rig.policy = partnerPolicy(documentOf([]));
  rig.side.announce(ALICE, { available: true, status: "note" });
  expect(rig.items.map((item) => item.xml.includes("note"))).toEqual([true, false]);
  expect(rig.store.isWatcher(PAIR.local, ANN)).toBe(false);
});

test("typing goes out as a chat state alone", () => {
  const rig = createRouter();
  expect(rig.side.typing(ALICE, `${ANN}/phone`, "composing")).toMatchObject({ ok: true });
  expect(rig.items[0]?.xml).toBe(
    `<message from='${ALICE}' to='${ANN}/phone' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
  );
});
