import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import type { SandboxUser } from "./rig/sandbox-user";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
let federation: Federation;
let ours: SandboxUser;
let juliet: XmppClient;

beforeAll(async () => {
  federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external", extra: ["c2s_stanza_size_limit = 1024 * 1024"] },
  ]);
  ours = federation.gateway.user(alice);
  juliet = await federation.login(`juliet@${partner}`);
});
afterAll(() => federation?.close());

// Characters of one to four bytes, so that every way of cutting one in two comes up.
const text = (characters: number) => "aé€🌹".repeat(characters / 4);

test.each([1_000, 20_000, 60_000])("a message of %d characters arrives whole, both ways", async (characters) => {
  const body = text(characters);
  juliet.message(alice, body);
  await ours.waitForMessage(juliet.fullJid, body);
  await ours.message(juliet.jid, body);
  await juliet.waitForMessage(alice, body);
});

test("a message above the limit ends their stream, and the next one opens another", async () => {
  juliet.message(alice, text(200_000));
  const refusal = await federation.gateway.waitForEvent("stream-refused", { remote: partner });
  expect(refusal.reason).toMatch(/^policy-violation: /);
  await federation.prosody().process.waitForLog(/Session closed by remote with error: policy-violation/);
  juliet.message(alice, "shorter now");
  await ours.waitForMessage(juliet.fullJid, "shorter now");
  expect(
    (await ours.inbox()).filter((entry) => entry.kind === "message" && (entry.body?.length ?? 0) > 100_000),
  ).toEqual([]);
});
