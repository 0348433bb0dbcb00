/** A partner's user who asks about one of ours without end, with Prosody outside and inside. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { PROBES_PER_USER } from "../../src/gateway/s2s/partner-rates";
import { Company } from "./rig/company";
import { alice } from "./rig/federation";
import { child } from "./rig/stanza";
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

test("most of it is dropped; messages pass, and the subscription stands", async () => {
  juliet.subscribe(alice);
  await ours.waitForPresence(juliet.jid, "subscribe");
  ours.accept(juliet.jid);
  await juliet.waitForPresence(alice, "subscribed");

  const sent = 3 * PROBES_PER_USER.burst;
  for (let probe = 0; probe < sent; probe++) juliet.send(`<presence type='probe' to='${alice}'/>`);
  juliet.message(alice, "behind them all");
  await ours.waitForMessage(juliet.fullJid, "behind them all");
  const metric = await company.federation.gateway.metrics();
  const limited = metric('probes_limited_total{rate="user"}');
  process.stdout.write(`${sent} probes of Prosody's for one user: ${limited} dropped\n`);
  expect(limited).toBeGreaterThan(0);
  expect(limited).toBeLessThanOrEqual(sent - PROBES_PER_USER.burst);

  ours.presence({ show: "away", status: "still here" });
  await juliet.waitFor(
    "the note",
    (stanza) => stanza.name === "presence" && child(stanza, "status")?.text === "still here",
  );
});
