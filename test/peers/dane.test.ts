/** Prosody with a certificate that no anchor leads to, in zones that knot signs: its TLSA records prove it, or do not. */
import { createHash, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { publicKeyPin } from "../../src/certificate/peer-identity";
import { delegationFor } from "../../src/dns/resolver/dnssec/delegation";
import { signingKeys } from "../../src/dns/resolver/dnssec/signing-key";
import { nameFromText } from "../../src/dns/resolver/dnssec/wire-name";
import { readSignedAnswer, recordSet, TYPE } from "../../src/dns/resolver/dnssec/wire-record";
import { askOverTcp, dnssecQuestion, type NameServer } from "./rig/dns-question";
import { alice, Federation } from "./rig/federation";
import { startKnot } from "./rig/knot";
import { findingsOfPartners } from "./rig/partner-check";
import { TestAuthority } from "./rig/pki";
import { PeerRig, type ServerPlace } from "./rig/rig";
import { serverRecords } from "./rig/unbound";

const PARENT = "signed.example";
const SIGNING = { algorithm: "ecdsap256sha256" };
/** Its record is of the key; of its CA; of somebody else's key; right, in a zone without DS; there is none. */
const [good, byCa, wrong, island, bare] = ["good", "ca", "wrong", "island", "bare"].map(
  (label) => `${label}.${PARENT}`,
) as [string, string, string, string, string];
const domains = [good, byCa, wrong, island, bare];

let rig: PeerRig;
let federation: Federation;
let anchor: string;

async function dsOf(zone: string, server: NameServer): Promise<string> {
  const answer = readSignedAnswer(await askOverTcp(dnssecQuestion(zone, "DNSKEY"), server));
  const [key] = signingKeys(recordSet(answer.answers, nameFromText(zone), TYPE.DNSKEY)?.records ?? []);
  if (key === undefined) throw new Error(`knot has no key for ${zone}`);
  const { tag, algorithm, digestType, digest } = delegationFor(key);
  return `${zone}. 60 IN DS ${tag} ${algorithm} ${digestType} ${digest.toString("hex")}`;
}

/** The zones of all the domains, signed, below a signed parent; the parent's DS is the anchor. */
async function serveSigned(place: ServerPlace, records: Readonly<Record<string, string | undefined>>) {
  const children = await startKnot({
    ...(await rig.nameServerPlace()),
    zones: Object.fromEntries(
      domains.map((domain) => [
        domain,
        [
          ...serverRecords({ ...place, domain }).map((line) => line.replace(/ (SRV|A) /, " 60 IN $1 ")),
          ...(records[domain] === undefined
            ? []
            : [`_${place.s2sPort}._tcp.xmpp.${domain}. 60 IN TLSA ${records[domain]}`]),
        ],
      ]),
    ),
    signing: Object.fromEntries(domains.map((domain) => [domain, SIGNING])),
  });
  rig.own(children, () => children.stop());
  const delegations = await Promise.all(
    domains.map(async (zone) => [
      `${zone}. 60 IN NS ns.${zone}.`,
      `ns.${zone}. 60 IN A ${children.address}`,
      ...(zone === island ? [] : [await dsOf(zone, children)]),
    ]),
  );
  const parent = await startKnot({
    ...(await rig.nameServerPlace()),
    zones: { [PARENT]: delegations.flat() },
    signing: { [PARENT]: SIGNING },
  });
  rig.own(parent, () => parent.stop());
  const at = ({ address, port }: NameServer, zone: string) => ({ zone, address, port });
  return {
    anchor: await dsOf(PARENT, parent),
    stubZones: [at(parent, PARENT), ...domains.map((domain) => at(children, domain))],
  };
}

beforeAll(async () => {
  rig = await PeerRig.open();
  const place = await rig.place(good);
  const stranger = await TestAuthority.create("Authority of no trust");
  const certificates = { ...(await stranger.issue({ names: domains })), caPem: rig.authority.caPem };
  const key = `3 1 1 ${publicKeyPin(new X509Certificate(certificates.certPem).raw)}`;
  const ca = createHash("sha256").update(new X509Certificate(stranger.caPem).raw).digest("hex");
  const served = await serveSigned(place, {
    [good]: key,
    [byCa]: `2 0 1 ${ca}`,
    [wrong]: `3 1 1 ${"ab".repeat(32)}`,
    [island]: key,
  });
  anchor = served.anchor;
  const { stubZones } = served;
  federation = await Federation.open(
    {
      partners: domains.map((domain) => ({ domain, partnerType: "Federated", proofType: "dane" })),
      stubZones,
      more: { "--dnssec-anchor": anchor },
    },
    [
      {
        domain: good,
        additionalDomains: domains.filter((domain) => domain !== good),
        place,
        mode: "external",
        certificates,
        records: () => [],
      },
    ],
    rig,
  );
});
afterAll(() => federation?.close());

test.each([
  ["a record of its key", good],
  ["a record of its CA", byCa],
])("messages pass both ways by %s", async (_, domain) => {
  const ours = federation.gateway.user(alice);
  const juliet = await federation.login(`juliet@${domain}`);
  await ours.message(juliet.jid, `to ${domain}`);
  await juliet.waitForMessage(alice, `to ${domain}`);
  juliet.message(alice, `from ${domain}`);
  await ours.waitForMessage(juliet.fullJid, `from ${domain}`);
  for (const direction of ["in", "out"])
    await federation.gateway.waitForEvent("stream-authenticated", {
      direction,
      remote: domain,
      method: "sasl-over-tls",
    });
});

test.each<[string, string, RegExp, RegExp]>([
  ["a record of another key", wrong, /agrees with none of 3 1 1 abab/, /agrees with none of 3 1 1 abab/],
  ["a zone that its parent does not vouch for", island, /DNSSEC/, /DNSSEC/],
  ["no record", bare, /has no TLSA record/, /has no TLSA record/],
])("no stream comes up by %s", async (_, domain, outward, inward) => {
  const { gateway } = federation;
  const juliet = await federation.login(`juliet@${domain}`);
  juliet.message(alice, "never", { id: "never" });
  await juliet.waitForError("never");
  const refused = await gateway.waitForEvent("certificate-refused", { remote: domain });
  expect(refused.reason).toMatch(inward);
  await gateway.user(alice).message(juliet.jid, "never");
  const ended = await gateway.waitForEvent("stream-ended", { direction: "out", remote: domain });
  expect(ended.reason).toMatch(outward);
  expect(await gateway.streams(domain)).toEqual([]);
});

test("certificate check --partners judges them by their records too", async () => {
  expect(await findingsOfPartners(federation, ["--dnssec-anchor", anchor])).toEqual({
    [good]: [],
    [byCa]: [],
    [wrong]: ["fail certificate-tlsa"],
    [island]: ["unknown partner-failed"],
    [bare]: ["fail certificate-tlsa"],
  });
});
