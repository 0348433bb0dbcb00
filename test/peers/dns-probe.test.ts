import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { TrustStore } from "../../src/certificate/trust-store";
import { defineEdge, type EdgeInput, localRun } from "../../src/definition";
import { type ServerAddress, type VerifyReport, verifyDns } from "../../src/dns";
import { ourDomain } from "./rig/federation";
import { PeerRig, type ServerPlace } from "./rig/rig";
import { serverRecords } from "./rig/unbound";

/** `dns verify` meets real servers, each a Prosody: as the edge that partners come to, and as partners. */
const DOMAINS = ["sound.example", "expired.example", "plain.example", "dialback.example"] as const;
const MODES = { "plain.example": "tcp-dialback", "dialback.example": "tls-dialback" } as const;
const PARTNER = "partner.example";

let rig: PeerRig;
let resolver: ServerAddress;
let places: ReadonlyMap<string, ServerPlace>;

beforeAll(async () => {
  rig = await PeerRig.open();
  const { authority } = rig;
  const all = await Promise.all([...DOMAINS, ourDomain].map((domain) => rig.place(domain)));
  places = new Map(all.map((place) => [place.domain, place]));
  resolver = await rig.startUnbound({ records: all.flatMap(serverRecords) });
  for (const domain of DOMAINS) {
    const certificates = await authority.issue({
      names: [domain],
      ...(domain === "expired.example" && { validFrom: -20, validTo: -1 }),
    });
    const mode = domain in MODES ? MODES[domain as keyof typeof MODES] : "external";
    await rig.startProsody(places.get(domain)!, { mode, resolver, accounts: [], certificates });
  }
});
afterAll(async () => rig?.close());

/** Verifies an edge that stands where the records of its domain lead. */
function verify(
  domain: string,
  more: Partial<EdgeInput> = {},
  partners: "all" | "none" = "none",
): Promise<VerifyReport> {
  const { address, s2sPort } = places.get(domain)!;
  const definition = defineEdge({
    name: "edge",
    accessEdge: { fqdn: `xmpp.${domain}` },
    domains: [{ name: domain }],
    partners: [{ domain: PARTNER }],
    dns: { kind: "zone-file", weight: 5 },
    ...more,
  });
  return verifyDns({
    facts: localRun(definition, { address, port: s2sPort }),
    via: "resolvers",
    resolvers: [resolver],
    allowPrivate: true,
    probe: { trustAnchors: TrustStore.fromPem(rig.authority.caPem), timeout: 60 },
    partners,
    timeout: 90,
  });
}

const shown = ({ findings }: VerifyReport) =>
  findings
    .filter(({ verdict }) => verdict !== "info")
    .map(({ id, verdict, domain }) => `${domain} ${id} ${verdict}`)
    .sort();

test.each<[string, string[]]>([
  // It turns away whoever shows no certificate, which is right: the row has SASL EXTERNAL alone.
  ["sound.example", []],
  ["dialback.example", []],
  ["expired.example", ["xmpp.expired.example cert-expired fail"]],
  ["plain.example", ["xmpp.plain.example starttls-missing fail"]],
  // Its records lead to a place where no server is.
  [ourDomain, [`xmpp.${ourDomain} tcp-refused fail`]],
])("a Prosody as the edge of %s", async (domain, expected) => {
  expect(shown(await verify(domain))).toEqual(expected);
});

test("Prosodies as partners: what their rows ask for is there, or is not", async () => {
  const partners = [...DOMAINS, "nobody.example"].map((domain) => ({ domain, saslNegotiation: "Optional" as const }));
  const { findings } = await verify(ourDomain, { partners }, "all");
  const about = findings.filter(({ id }) => id.startsWith("partner-"));
  expect(about.map(({ id, domain }) => `${domain} ${id}`).sort()).toEqual([
    "expired.example partner-no-common-method",
    "nobody.example partner-unresolvable",
    "plain.example partner-no-common-method",
  ]);
  expect(about.find(({ domain }) => domain === "expired.example")!.found).toMatch(
    /its certificate is refused \(expired/,
  );
});
