/** One user of a real partner is blocked while the gateway runs; another one of the same partner is not. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { alice, Federation, ourDomain } from "./rig/federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { child, type Element } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

const domain = "partner.example";
const free: NonNullable<EdgeInput["partners"]>[number] = { domain, partnerType: "Federated" };

let federation: Federation;
let ours: SandboxUser;
let eve: XmppClient;
let mallory: XmppClient;
let revision = 0;

// One story: each test goes on where the one before it ended.
beforeAll(async () => {
  federation = await Federation.open({ partners: [free] }, [
    { domain, mode: "external", accounts: ["eve", "mallory"] },
  ]);
  ours = federation.gateway.user(alice);
  [eve, mallory] = await Promise.all([federation.login(`eve@${domain}`), federation.login(`mallory@${domain}`)]);
  await ours.presence({ available: true, show: "away" });
  for (const theirs of [eve, mallory]) {
    theirs.subscribe(alice);
    await theirs.waitForPresence(alice, "subscribed");
    await ours.addContact(theirs.jid);
    await theirs.waitForPresence(alice, "subscribe");
    theirs.accept(alice);
    await ours.waitForPresence(theirs.jid, ({ available }) => available);
  }
});
afterAll(() => federation?.close());

async function block(blockedUsers: readonly string[]): Promise<void> {
  revision++;
  const from = federation.gateway.process.log.length;
  const partners = [{ ...free, blockedUsers }];
  await federation.gateway.replaceDefinition(JSON.stringify({ ...federation.definition, revision, partners }));
  await federation.gateway.waitForEvent("document-applied", { revision }, { from });
}
const condition = (stanza: Element) => child(stanza, "error")?.children[0]?.name;
/** What somebody has had of Alice and her domain; the stream is through when the answer to `id` has come. */
async function heard(theirs: XmppClient, id: string): Promise<Element[]> {
  theirs.message(`nobody@${ourDomain}`, "are you all through?", { id });
  await theirs.waitForError(id);
  return theirs.received.filter(({ attributes }) => attributes.from?.startsWith(alice));
}

test("who is blocked sees us leave and is gone for us; another one of that partner notices nothing", async () => {
  const before = (await heard(mallory, "before")).length;
  await block([`Eve@${domain}`]);
  await eve.waitForPresence(alice, "unavailable");
  await eve.waitForPresence(alice, "unsubscribed");
  await ours.waitForPresence(eve.jid, ({ available }) => !available);
  await mallory.message(alice, "am I blocked?");
  await ours.waitForMessage(mallory.fullJid, "am I blocked?");
  await ours.message(mallory.jid, "you are not");
  await mallory.waitForMessage(alice, "you are not");
  expect(await heard(mallory, "after")).toHaveLength(before + 1);
});

test("to them everybody is as unknown, and presence is met with silence", async () => {
  const before = (await heard(eve, "quiet")).length;
  const query = "<query xmlns='jabber:iq:version'/>";
  for (const to of [alice, `nobody@${ourDomain}`]) {
    eve.message(to, "never arrives", { id: `to ${to}` });
    expect(condition(await eve.waitForError(`to ${to}`))).toBe("service-unavailable");
    expect(condition(await eve.iq({ to, type: "get", payload: query }))).toBe("service-unavailable");
  }
  eve.subscribe(alice);
  eve.presence({ to: alice, type: "probe" });
  eve.presence({ to: alice, show: "chat" });
  await ours.presence({ available: true, show: "dnd", status: "at the ball" });
  await mallory.waitFor("our note", (stanza) => child(stanza, "status")?.text === "at the ball");
  // The errors to her message and her question, and nothing more.
  const after = await heard(eve, "still quiet");
  expect(after.slice(before).map(({ name, attributes }) => `${name} ${attributes.type}`)).toEqual([
    "message error",
    "iq error",
  ]);
  const inbox = await ours.inbox();
  expect(inbox.filter((entry) => entry.kind === "message").map(({ body }) => body)).toEqual(["am I blocked?"]);
  expect(inbox.filter((entry) => entry.kind === "presence" && entry.show === "chat")).toEqual([]);
});

test("our users are told that the address is blocked; nothing of theirs leaves", async () => {
  await expect(ours.message(eve.jid, "never leaves")).rejects.toThrow(/not-acceptable/);
  await expect(ours.typing(eve.jid, "composing")).rejects.toThrow(/not-acceptable/);
  expect(
    (await heard(eve, "nothing")).filter(({ name, attributes }) => name === "message" && !attributes.type),
  ).toEqual([]);
});

test("status, metrics and log name who is blocked", async () => {
  const { blockedUsers } = await federation.gateway.status();
  expect(blockedUsers).toEqual([expect.objectContaining({ user: eve.jid, partner: domain, out: 2 })]);
  expect(federation.gateway.events("user-blocked", { user: eve.jid, level: "info" })).toMatchObject([
    { direction: "in", kind: "message" },
    { direction: "out" },
  ]);
});

test("who is blocked no more is as before", async () => {
  await block([]);
  eve.message(alice, "I am back");
  await ours.waitForMessage(eve.fullJid, "I am back");
  await ours.message(eve.jid, "so you are");
  await eve.waitForMessage(alice, "so you are");
  eve.subscribe(alice);
  await eve.waitForPresence(alice, "subscribed");
  await eve.waitFor("our note", (stanza) => child(stanza, "status")?.text === "at the ball");
});
