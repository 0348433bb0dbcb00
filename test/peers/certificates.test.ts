import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { TestAuthority } from "./rig/pki";
import { PeerRig } from "./rig/rig";

/** Partners with a certificate that we refuse, and the words of ours that say why. */
const bad = {
  "expired.example": "expired: CN=expired.example",
  "early.example": "expired: CN=early.example is valid from",
  "untrusted.example": "untrusted: no path to a configured anchor; issued by CN=Authority of no trust",
  "misnamed.example": "wrong-name: misnamed.example is not among other.example",
} as const;
const sound = "sound.example";

let federation: Federation;

beforeAll(async () => {
  const rig = await PeerRig.open();
  const { authority } = rig;
  const stranger = await TestAuthority.create("Authority of no trust");
  const certificates = {
    "expired.example": await authority.issue({ names: ["expired.example"], validFrom: -20, validTo: -1 }),
    "early.example": await authority.issue({ names: ["early.example"], validFrom: 1, validTo: 20 }),
    "untrusted.example": await stranger.issue({ names: ["untrusted.example"] }),
    "misnamed.example": await authority.issue({ names: ["other.example", "xmpp.misnamed.example"] }),
  };
  const domains = Object.keys(bad) as (keyof typeof bad)[];
  federation = await Federation.open(
    { partners: [...domains, sound].map((domain) => ({ domain, partnerType: "Federated" as const })) },
    [
      ...domains.map((domain) => ({ domain, mode: "any" as const, certificates: certificates[domain] })),
      { domain: sound, mode: "external" },
    ],
    rig,
  );
});
afterAll(() => federation?.close());

test("certificates for servers alone are good in both roles, as public authorities issue them", async () => {
  const { certPem } = await federation.rig.authority.issue({ names: ["any.example"] });
  expect(new X509Certificate(certPem).keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]); // what the rig gives everyone
  const juliet = await federation.login(`juliet@${sound}`);
  juliet.message(alice, "inward");
  await federation.gateway.user(alice).waitForMessage(juliet.fullJid, "inward");
  await federation.gateway.user(alice).message(juliet.jid, "outward");
  await juliet.waitForMessage(alice, "outward");
  const streams = await federation.gateway.streams(sound);
  expect(streams.map(({ method }) => method)).toEqual(["sasl-over-tls", "sasl-over-tls"]);
});

describe.each(Object.entries(bad))("a partner's certificate that is no good: %s", (domain, because) => {
  test("keeps them out", async () => {
    const juliet = await federation.login(`juliet@${domain}`);
    juliet.message(alice, "never arrives", { id: "refused" });
    await juliet.waitForError("refused");
    const refusal = await federation.gateway.waitForEvent("certificate-refused", { remote: domain });
    expect(refusal.reason).toContain(because);
    expect(federation.gateway.events("stream-authenticated", { remote: domain })).toEqual([]);
  });

  test("lets nothing out to them", async () => {
    const ours = federation.gateway.user(alice);
    const juliet = await federation.login(`juliet@${domain}`);
    await ours.message(juliet.jid, "never leaves", domain);
    const error = await ours.waitForError(domain);
    expect(error.error?.text).toContain("certificate-refused");
    const refusal = await federation.gateway.waitForEvent("certificate-refused", { direction: "out", remote: domain });
    expect(refusal.reason).toContain(because);
    const { lastFailures } = await federation.gateway.status();
    expect(lastFailures[domain]).toMatch(/^certificate-refused: /);
    expect(federation.gateway.events("stream-authenticated", { remote: domain })).toEqual([]);
  });
});
