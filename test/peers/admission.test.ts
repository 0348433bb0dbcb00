import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { alice, Federation, ourDomain } from "./rig/federation";
import { child, type Element } from "./rig/stanza";

const secondDomain = "second.example";
const carol = `carol@${secondDomain}`;
let federation: Federation;

beforeAll(async () => {
  federation = await Federation.open(
    {
      domains: [{ name: ourDomain }, { name: secondDomain }],
      internal: { kind: "sandbox", users: [alice, carol] },
      partners: [
        { domain: "partner.example", additionalDomains: ["branch.example"], partnerType: "Federated" },
        { domain: "narrow.example", localDomains: [ourDomain], partnerType: "Federated" },
      ],
    },
    [
      { domain: "partner.example", additionalDomains: ["branch.example", "narrow.example"], mode: "external" },
      { domain: "stranger.example", mode: "any" },
    ],
  );
});
afterAll(() => federation?.close());

describe("somebody who is no partner", () => {
  test("is refused by policy-violation before anything else, and their sender is told", async () => {
    const juliet = await federation.login("juliet@stranger.example");
    juliet.message(alice, "never arrives", { id: "refused" });
    expect(conditionOf(await juliet.waitForError("refused"))).toMatch(/^remote-server-/);
    await federation.prosody("stranger.example").process.waitForLog(/policy-violation/);
    await federation.gateway.waitForEvent("stream-refused", {
      remote: "stranger.example",
      reason: "policy-violation: this domain is not an allowed partner",
    });
    // No features went out, so it never came to TLS.
    const log = federation.prosody("stranger.example").process.log.filter((line) => /s2sout/.test(line));
    expect(log.filter((line) => /<features|<starttls/.test(line))).toEqual([]);
  });

  test("cannot be written to", async () => {
    const refused = federation.gateway.user(alice).message("juliet@stranger.example", "never leaves");
    await expect(refused).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("not an allowed partner"),
    });
  });
});

describe("a partner for one of our domains", () => {
  test("reaches that one", async () => {
    const juliet = await federation.login("juliet@narrow.example");
    juliet.message(alice, "inward");
    await federation.gateway.user(alice).waitForMessage(juliet.fullJid, "inward");
    await federation.gateway.user(alice).message(juliet.jid, "outward");
    await juliet.waitForMessage(alice, "outward");
  });

  test("is refused by the other one, and cannot be written to from there", async () => {
    const juliet = await federation.login("juliet@narrow.example");
    juliet.message(carol, "never arrives", { id: "refused" });
    expect(conditionOf(await juliet.waitForError("refused"))).toMatch(/^remote-server-/);
    await federation.gateway.waitForEvent("stream-refused", { remote: "narrow.example" });
    const refused = federation.gateway.user(carol).message(juliet.jid, "never leaves");
    await expect(refused).rejects.toMatchObject({ status: 404 });
    expect(await federation.gateway.user(carol).inbox()).toEqual([]);
  });
});

test.each(["partner.example", "branch.example"])(
  "a partner is admitted as %s to every domain of ours",
  async (domain) => {
    const juliet = await federation.login(`juliet@${domain}`);
    for (const address of [alice, carol]) {
      const ours = federation.gateway.user(address);
      juliet.message(address, `to ${address}`);
      await ours.waitForMessage(juliet.fullJid, `to ${address}`);
      await ours.message(juliet.jid, `from ${address}`);
      await juliet.waitForMessage(address, `from ${address}`);
    }
  },
);

const conditionOf = (error: Element) => child(error, "error")?.children[0]?.name;
