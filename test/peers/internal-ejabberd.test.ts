import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Company } from "./rig/company";
import { alice, ourDomain } from "./rig/federation";
import { child, type Element } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
let company: Company;
let ours: XmppClient;
let juliet: XmppClient;

// The same as with Prosody (internal-xmpp.test.ts), where the server inside has a part in it.
beforeAll(async () => {
  company = await Company.open({ server: "ejabberd", partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
  ours = await company.login(alice);
  juliet = await company.login(`juliet@${partner}`);
});
afterAll(() => company?.close());

const condition = (stanza: Element) => child(stanza, "error")?.children[0]?.name;

test("messages pass both ways", async () => {
  ours.message(juliet.jid, "hello out there");
  await juliet.waitForMessage(ours.fullJid, "hello out there");
  juliet.message(ours.jid, "hello in there");
  await ours.waitForMessage(juliet.fullJid, "hello in there");
});

test("users decide who sees them, and are seen as they are", async () => {
  juliet.subscribe(alice);
  await ours.waitForPresence(juliet.jid, "subscribe");
  ours.accept(juliet.jid);
  await juliet.waitForPresence(alice, "subscribed");
  await juliet.waitForPresence(ours.fullJid);
  ours.subscribe(juliet.jid);
  await juliet.waitForPresence(alice, "subscribe");
  juliet.accept(alice);
  await ours.waitForPresence(juliet.jid, "subscribed");
  await ours.waitForPresence(juliet.fullJid);
});

test("who is not there is answered for by their own server", async () => {
  juliet.message(`nobody@${ourDomain}`, "is there anybody?", { id: "nobody-in" });
  expect(condition(await juliet.waitForError("nobody-in"))).toBe("service-unavailable");
  ours.message(`nobody@${partner}`, "is there anybody?", { id: "nobody-out" });
  expect(condition(await ours.waitForError("nobody-out"))).toBe("service-unavailable");
});
