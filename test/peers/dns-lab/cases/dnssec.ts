import { createHash, generateKeyPairSync } from "node:crypto";
import { TrustStore } from "../../../../src/certificate/trust-store";
import type { EdgeInput } from "../../../../src/definition";
import { edgeChain } from "../edge-pair";
import {
  ALTERED_SIGNATURES,
  HONEST,
  type Misbehaviour,
  ofRecords,
  rcode,
  SERVFAIL,
  WITHOUT_SIGNATURES,
} from "../misbehaviour";
import type { LabCase, RecordSets, Served, Site, SitePlace } from "../world";
import { serveXmpp } from "../xmpp-server";

const onBoth = (how: Misbehaviour): Site => ({ first: how, second: how });
const signed = (from: number, to: number): Site => ({ signed: { window: { from, to } } });
const NO_DENIAL: Misbehaviour = {
  answer: ofRecords((records) => records.filter(({ type }) => type !== "NSEC" && type !== "NSEC3")),
};
/** Data of a DS record that no key fits. */
const foreign = (algorithm: number) => `4711 ${algorithm} 2 ${"ab".repeat(32)}`;

/** With a certificate that a CA is to issue: at once, or again and again. */
const ofCa = (records: RecordSets, more: Site = {}): Site => ({
  definition: { certificate: { source: { kind: "request", issuer: "ca.example" } } },
  records,
  ...more,
});
const ofAcme = (records: RecordSets, more: Site = {}): Site => ({
  definition: { certificate: { source: { kind: "acme", issuer: "ca.example", challenge: "dns-01" } } },
  records,
  ...more,
});
const OURS = '0 issue "ca.example"';
const FAILS_AT_CAA: Misbehaviour = {
  answer: (answer) => (answer.questions?.[0]?.type === "CAA" ? rcode(SERVFAIL)(answer) : answer),
};

/** The key that the edge's certificate is of. */
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const EC = { name: "ECDSA", namedCurve: "P-256" };
const keyPair = {
  publicKey: publicKey.toCryptoKey(EC, true, ["verify"]),
  privateKey: privateKey.toCryptoKey(EC, true, ["sign"]),
};
const RIGHT = `3 1 1 ${createHash("sha256")
  .update(publicKey.export({ type: "spki", format: "der" }))
  .digest("hex")}`;
const OTHER = `3 1 1 ${"ab".repeat(32)}`;
const LONG = `3 1 2 ${"cd".repeat(64)}`;

const AT_EDGE = "_5269._tcp.xmpp TLSA";
const AT_DOMAIN = "_5269._tcp TLSA";

/** With an Access Edge of its own, and TLSA records; looked at without probing. */
const edge = (records: RecordSets, more: Site = {}): Site => ({ definition: {}, records, ...more });
const WANTED = { dns: { kind: "zone-file", ttl: 3600, tlsa: true } } as const;

/** A sound edge, with a certificate for the key. */
const showing = (records: RecordSets): Site => ({
  definition: ({ domain }: SitePlace): Partial<EdgeInput> => ({
    partners: [{ domain: "partner.example", saslNegotiation: "Optional" }],
    domains: [{ name: domain }],
  }),
  records,
  serve: async (place): Promise<Served> => {
    const chain = await edgeChain([place.edge, place.domain], { leaf: { keyPair } });
    const server = await serveXmpp([place.edge4, place.edge6], place.domain, chain);
    const probe = { trustAnchors: TrustStore.fromPem(chain.anchorsPem), timeout: 30 };
    return { verify: { probe, partners: "none" }, close: () => server.close() };
  },
});

/** DNSSEC, DANE, CAA. */
export const DNSSEC_CASES: readonly LabCase[] = [
  {
    id: "dnssec-bogus",
    variant: "altered",
    found: /does not fit/,
    fault: onBoth(ALTERED_SIGNATURES),
    sound: onBoth(HONEST),
  },
  {
    id: "dnssec-bogus",
    variant: "stripped-at-one",
    found: /no signature over SRV/,
    fault: { second: WITHOUT_SIGNATURES },
    sound: { signed: false, second: WITHOUT_SIGNATURES },
  },
  {
    id: "dnssec-bogus",
    variant: "denial",
    found: /nothing proves that/,
    fault: onBoth(NO_DENIAL),
    sound: { signed: { nsec3Iterations: 0 } },
  },
  { id: "dnssec-expired", fault: signed(-40, -10), sound: signed(-2, 1) },
  { id: "dnssec-not-yet-valid", fault: signed(10, 40), sound: signed(-0.02, 40) },
  {
    id: "dnssec-expiring",
    fault: signed(-28, 2),
    // As those who sign when they are asked do it: a life of two days.
    sound: signed(-1, 1),
  },
  {
    id: "dnssec-ds-mismatch",
    fault: { atParent: { "@ DS": [foreign(13)] } },
    // A key that is to come has its DS already.
    sound: { atParent: { "@ DS": [foreign(13), "@ds"] } },
  },
  {
    id: "dnssec-ds-mismatch",
    variant: "unsigned",
    found: /has a DS and no DNSKEY/,
    fault: { signed: false, atParent: { "@ DS": [foreign(13)] } },
    sound: { signed: false },
  },
  { id: "dnssec-no-ds", fault: { atParent: { "@ DS": [] } }, sound: { under: "plain" } },
  {
    id: "dnssec-algorithm",
    variant: "digest",
    found: /SHA-1/,
    fault: { atParent: { "@ DS": ["@ds1"] } },
    sound: { atParent: { "@ DS": ["@ds1", "@ds"] } },
  },
  {
    id: "dnssec-algorithm",
    variant: "unknown",
    found: /do not know/,
    fault: { atParent: { "@ DS": [foreign(253)] } },
    sound: { atParent: { "@ DS": [foreign(253), "@ds"] } },
  },
  { id: "dnssec-nsec3", fault: { signed: { nsec3Iterations: 10 } }, sound: { signed: { nsec3Iterations: 0 } } },
  {
    id: "tlsa-insecure",
    fault: edge({ [AT_EDGE]: [OTHER] }, { under: "plain" }),
    sound: edge({ [AT_EDGE]: [OTHER] }),
  },
  {
    id: "tlsa-mismatch",
    about: "edge",
    fault: showing({ [AT_EDGE]: [OTHER] }),
    // While keys are rolled, the one to come stands there too.
    sound: showing({ [AT_EDGE]: [OTHER, RIGHT] }),
  },
  {
    id: "tlsa-misplaced",
    about: "domain",
    fault: edge({ [AT_DOMAIN]: [OTHER] }),
    sound: edge({ [AT_DOMAIN]: [OTHER], [AT_EDGE]: [OTHER] }),
  },
  {
    id: "tlsa-unusable",
    about: "edge",
    found: /certificate usage 4/,
    fault: edge({ [AT_EDGE]: [`4 1 1 ${"ab".repeat(32)}`, OTHER] }),
    sound: edge({ [AT_EDGE]: [LONG, OTHER] }),
  },
  {
    id: "tlsa-missing",
    about: "edge",
    fault: { definition: WANTED },
    sound: { definition: WANTED, records: { [AT_EDGE]: [OTHER] } },
  },
  {
    id: "caa-forbids",
    found: /ca\.example may not issue/,
    fault: ofCa({ "@ CAA": ['0 issue "other.example"'] }),
    sound: ofCa({ "@ CAA": ['0 issue "other.example"', '0 ISSUE "CA.Example; policy=ev"'] }),
  },
  {
    id: "caa-forbids",
    variant: "everybody",
    fault: ofCa({ "@ CAA": ['0 issue ";"', '0 iodef "mailto:caa@common.example"'] }),
    // It forbids wildcards alone.
    sound: ofCa({ "@ CAA": ['0 issuewild ";"', '0 iodef "mailto:caa@common.example"'] }),
  },
  {
    id: "caa-forbids",
    variant: "method",
    found: /not by dns-01/,
    fault: ofAcme({ "@ CAA": ['0 issue "ca.example; validationmethods=http-01"'] }),
    sound: ofAcme({ "@ CAA": ['0 issue "ca.example; validationmethods=http-01,dns-01"'] }),
  },
  {
    id: "caa-critical",
    fault: ofCa({ "@ CAA": [OURS, '128 tbs "unknown"'] }),
    sound: ofCa({ "@ CAA": ['128 issue "ca.example"', '0 tbs "unknown"', '128 iodef "mailto:ca@other.example"'] }),
  },
  { id: "caa-unanswered", fault: ofCa({}, onBoth(FAILS_AT_CAA)), sound: ofCa({}, onBoth(HONEST)) },
  {
    id: "caa-unanswered",
    variant: "renewed",
    verdict: "fail",
    fault: ofAcme({}, onBoth(FAILS_AT_CAA)),
    sound: ofAcme({}, onBoth(HONEST)),
  },
];
