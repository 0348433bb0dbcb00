import { afterAll, beforeAll, test } from "@jest/globals";
import { Company } from "./rig/company";
import { alice } from "./rig/federation";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
let company: Company;
let ours: XmppClient;
let juliet: XmppClient;

beforeAll(async () => {
  company = await Company.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
  ours = await company.login(alice);
  juliet = await company.login(`juliet@${partner}`);
});
afterAll(() => company?.close());

test("messages pass both ways", async () => {
  ours.message(juliet.jid, "hello out there");
  await juliet.waitForMessage(ours.fullJid, "hello out there");
  juliet.message(ours.jid, "hello in there");
  await ours.waitForMessage(juliet.fullJid, "hello in there");
});
