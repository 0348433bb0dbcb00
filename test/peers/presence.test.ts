import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation, ourDomain } from "./rig/federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { child } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
let federation: Federation;
let ours: SandboxUser;
let juliet: XmppClient;

// One story: each test goes on where the one before it ended.
beforeAll(async () => {
  federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
  ours = federation.gateway.user(alice);
  juliet = await federation.login(`juliet@${partner}`);
});
afterAll(() => federation?.close());

test("whoever accepts our request is seen as they are then", async () => {
  juliet.presence({ show: "away", status: "at the ball" });
  await ours.addContact(juliet.jid);
  await juliet.waitForPresence(alice, "subscribe");
  juliet.accept(alice);
  await ours.waitForSubscription(juliet.jid, "subscribed");
  await ours.waitForPresence(juliet.fullJid, ({ show, status }) => show === "away" && status === "at the ball");
});

test("whoever asks for our presence gets it as it is then", async () => {
  await ours.presence({ available: true, show: "chat", status: "come in" });
  juliet.subscribe(alice);
  await juliet.waitForPresence(alice, "subscribed");
  const presence = await juliet.waitForPresence(alice);
  expect([child(presence, "show")?.text, child(presence, "status")?.text]).toEqual(["chat", "come in"]);
});

test("whoever leaves is seen leaving, and who comes back learns how we are", async () => {
  await juliet.close();
  await ours.waitForPresence(juliet.fullJid, ({ available }) => !available);
  juliet = await federation.login(juliet.jid);
  const presence = await juliet.waitForPresence(alice);
  expect(child(presence, "status")?.text).toBe("come in");
  await ours.waitForPresence(juliet.fullJid, ({ available }) => available);
});

test("typing is told both ways", async () => {
  const typing = "http://jabber.org/protocol/chatstates";
  juliet.send(`<message to='${alice}' type='chat'><composing xmlns='${typing}'/></message>`);
  await ours.waitForTyping(juliet.fullJid, "composing");
  await ours.typing(juliet.jid, "paused");
  const told = await juliet.waitFor("a chat state", (stanza) => child(stanza, "paused")?.namespace === typing);
  expect(told.attributes).toMatchObject({ from: alice, type: "chat" });
});

test("queries are answered: by our domain what it is, for our users an error", async () => {
  const asks = async (to: string, payload: string) => {
    const answer = await juliet.iq({ to, type: "get", payload });
    return answer.attributes.type === "error" ? child(answer, "error")?.children[0]?.name : answer;
  };
  const info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
  const version = "<query xmlns='jabber:iq:version'/>";
  expect(await asks(ourDomain, "<ping xmlns='urn:xmpp:ping'/>")).toMatchObject({ attributes: { type: "result" } });
  expect(await asks(ourDomain, info)).toMatchObject({
    children: [{ children: expect.arrayContaining([expect.objectContaining({ name: "identity" })]) }],
  });
  expect(await asks(ourDomain, version)).toMatchObject({
    children: [{ children: [{ name: "name", text: "XMPP Edge" }, { name: "version" }] }],
  });
  expect(await asks(ourDomain, "<vCard xmlns='vcard-temp'/>")).toMatchObject({
    children: [{ children: [{ name: "FN", text: ourDomain }] }],
  });
  expect(await asks(ourDomain, "<query xmlns='jabber:iq:last'/>")).toBe("service-unavailable");
  for (const to of [alice, `nobody@${ourDomain}`])
    for (const payload of [info, version]) expect(await asks(to, payload)).toBe("service-unavailable");
});

test("whoever takes one of our users for a room is told so", async () => {
  juliet.send(`<presence to='${alice}/nick' id='join'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
  expect(child(await juliet.waitForError("join"), "error")?.children[0]?.name).toBe("service-unavailable");
});

test("messages keep their order, both ways", async () => {
  const numbers = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  for (const text of numbers) juliet.message(alice, text);
  await ours.waitForMessage(juliet.fullJid, numbers.at(-1));
  const arrived = (await ours.inbox()).flatMap((entry) => (entry.kind === "message" ? (entry.body ?? []) : []));
  expect(arrived).toEqual(numbers);
  for (const text of numbers.slice(0, 50)) await ours.message(juliet.jid, text);
  await juliet.waitForMessage(alice, "message 49");
  const received = juliet.received.flatMap((stanza) => child(stanza, "body")?.text ?? []);
  expect(received).toEqual(numbers.slice(0, 50));
});

test("whoever no longer wants to see us is taken at their word", async () => {
  juliet.presence({ to: alice, type: "unsubscribe" });
  await ours.waitForSubscription(juliet.jid, "watching-ended");
  await ours.presence({ available: true, show: "dnd" });
  juliet.message(`nobody@${ourDomain}`, "what came until now?", { id: "mark" });
  await juliet.waitForError("mark");
  expect(juliet.received.filter((stanza) => child(stanza, "show")?.text === "dnd")).toEqual([]);
});

test("whoever no longer lets us see them, too", async () => {
  juliet.presence({ to: alice, type: "unsubscribed" });
  await ours.waitForSubscription(juliet.jid, "unsubscribed");
  await expect(ours.contacts()).resolves.toEqual({ [juliet.jid]: "refused" });
});

test("a contact that we asked again and then remove is told", async () => {
  await ours.addContact(juliet.jid);
  await juliet.waitForPresence(alice, "subscribe");
  juliet.accept(alice);
  await ours.waitForSubscription(juliet.jid, "subscribed");
  await ours.removeContact(juliet.jid);
  await juliet.waitForPresence(alice, "unsubscribe");
  await expect(ours.contacts()).resolves.toEqual({});
});
