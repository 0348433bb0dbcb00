import { matchingRecords, recordFor, type TlsaRecord, tlsaText, unusableBecause } from "../../../certificate/dane";
import { srvOwner } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import { comparable, formatServerAddress } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";
import { followed } from "./concerned-zones";
import { askedAbout, givenBy, type TlsaAt, tlsaAt, tlsaOwner, trustIn } from "./tlsa-at";

/** On TLSA records of the Access Edge (RFC 7673). */
export function* tlsa(evidence: Evidence): Iterable<Found> {
  const { expected } = evidence;
  // Surveys ask for the records of this port alone; of an edge at another nothing is known.
  const services = expected.services.filter(({ record }) => record.port === 5269);
  const hosts = [...new Set(services.map(({ record }) => comparable(record.target)))];
  for (const host of hosts) {
    const at = tlsaAt(host, evidence);
    const unusable = at.records.filter(({ record }) => unusableBecause(record) !== undefined);
    const usable = at.records.filter((one) => !unusable.includes(one)).map(({ record }) => record);
    if (unusable.length > 0) yield ofUnusable(at, unusable, evidence);
    if (usable.length > 0) {
      yield* unprotected(at, evidence);
      yield* mismatched(at, usable, evidence);
    } else if (at.records.length === 0 && at.absentAt.length > 0) {
      const elsewhere = misplaced(at, evidence);
      yield* elsewhere;
      if (expected.facts.dns.tlsa === true && elsewhere.length === 0) yield missing(at, evidence);
    }
  }
}

const ttlOf = ({ expected }: Evidence): number => expected.facts.dns.ttl ?? 3600;

const line = (host: string, record: TlsaRecord, evidence: Evidence): string =>
  `${tlsaOwner(host)}. ${ttlOf(evidence)} IN TLSA ${tlsaText(record)}`;

/** Data is as long as others like. */
const SHOWN_DATA = 160;
const shown = (record: TlsaRecord): string => {
  const text = tlsaText(record);
  return text.length > SHOWN_DATA ? `${text.slice(0, SHOWN_DATA)}…` : text;
};

/** A message holds some thousand records at most; a finding names as many as anyone publishes. */
const MAX_LINES = 16;

const about = (host: string) => ({ domain: host, subject: `${tlsaOwner(host)} TLSA` });

/** What the Access Edge shows: one for each certificate. */
function presented(host: string, { probes }: Evidence): { readonly chain: readonly Buffer[]; readonly at: string[] }[] {
  const chains = new Map<string, { chain: readonly Buffer[]; at: string[] }>();
  for (const { host: of, tls, address, port } of probes) {
    const [leaf] = tls?.chain ?? [];
    if (leaf === undefined || tls === undefined || comparable(of) !== host) continue;
    const key = leaf.toString("base64");
    const known = chains.get(key) ?? { chain: tls.chain, at: [] };
    const place = formatServerAddress({ address, port });
    if (!known.at.includes(place)) known.at.push(place);
    chains.set(key, known);
  }
  return [...chains.values()];
}

function neededRecord(host: string, evidence: Evidence): TlsaRecord | undefined {
  const [first] = presented(host, evidence);
  return first === undefined ? undefined : recordFor(first.chain[0]!);
}

const BY_HAND =
  "TLSA 3 1 1 with the SHA-256 of the certificate's public key; once the Access Edge answers, the probe says which";

function ofUnusable({ host }: TlsaAt, unusable: TlsaAt["records"], evidence: Evidence): Found {
  const lines = unusable.slice(0, MAX_LINES).map(({ record }) => line(host, record, evidence));
  return {
    id: "tlsa-unusable",
    ...about(host),
    server: [...new Set(unusable.flatMap(({ servers }) => servers))].join(", "),
    found: listed(unusable.map(({ record }) => `${shown(record)}: ${unusableBecause(record)}`)),
    expected: "records that can be used, such as 3 1 1 and 64 hexadecimal digits",
    remedy: `remove ${unusable.length === 1 ? "it" : "them"} from ${tlsaOwner(host)}, or publish what was meant instead`,
    change: { remove: lines, publish: [] },
  };
}

function* unprotected(at: TlsaAt, evidence: Evidence): Iterable<Found> {
  const { host, trust } = at;
  const remedy = (zone: string) => `sign the zone of ${zone} and publish its DS; without that nobody heeds the record`;
  if (trust === "unsigned")
    yield {
      id: "tlsa-insecure",
      ...about(host),
      server: givenBy(at),
      found: "TLSA records that no signature protects",
      expected: "a secure answer (DNSSEC): only then they mean anything",
      remedy: remedy(host),
    };
  if (trust !== "signed") return;
  // The certificate is as sure as the way to the host: for a domain whose SRV record is not signed, nobody looks.
  const domains = evidence.expected.services
    .filter(({ record }) => comparable(record.target) === host)
    .map(({ domain }) => comparable(domain))
    .filter((domain) => {
      const steps = followed(evidence.survey, { name: srvOwner(domain), type: "SRV" });
      return (
        steps.length > 0 &&
        trustIn(
          steps.map((one) => one.question),
          evidence,
        ) === "unsigned"
      );
    });
  const [domain, ...touches] = domains;
  if (domain === undefined) return;
  yield {
    id: "tlsa-insecure",
    domain,
    ...(touches.length > 0 && { touches }),
    subject: `${srvOwner(domain)} SRV`,
    server: givenBy(at),
    found: `${host} has TLSA records, and the SRV record that leads there is not signed: ${listed(domains)}`,
    expected: "a secure answer for both (DNSSEC): only then TLSA means anything",
    remedy: remedy(domain),
  };
}

function* mismatched(at: TlsaAt, usable: readonly TlsaRecord[], evidence: Evidence): Iterable<Found> {
  const { host } = at;
  const chains = presented(host, evidence).filter(({ chain }) => matchingRecords(usable, chain).length === 0);
  const [first] = chains;
  if (first === undefined) return;
  const needed = recordFor(first.chain[0]!);
  const lines = usable.slice(0, MAX_LINES).map((record) => line(host, record, evidence));
  yield {
    id: "tlsa-mismatch",
    ...about(host),
    server: givenBy(at),
    found: `${listed(usable.map(shown))}; the certificate at ${listed(chains.flatMap((one) => one.at))} ${needed === undefined ? "cannot be read" : `is ${tlsaText(needed)}`}`,
    expected: "a record that the presented certificate agrees with",
    remedy: needed === undefined ? BY_HAND : line(host, needed, evidence),
    ...(needed !== undefined && { change: { remove: lines, publish: [line(host, needed, evidence)] } }),
  };
}

/** Beside the SRV record rather than at the host that it names. */
function misplaced({ host, absentAt }: TlsaAt, evidence: Evidence): Found[] {
  const { services } = evidence.expected;
  const domains = services
    .filter(({ domain, record }) => comparable(record.target) === host && comparable(domain) !== host)
    .map(({ domain }) => tlsaAt(comparable(domain), evidence))
    .filter(({ records }) => records.some(({ record }) => unusableBecause(record) === undefined));
  const [first] = domains;
  if (first === undefined) return [];
  const records = first.records.map(({ record }) => record).filter((record) => unusableBecause(record) === undefined);
  const moved = records.slice(0, MAX_LINES).map((record) => line(host, record, evidence));
  const old = records.slice(0, MAX_LINES).map((record) => line(first.host, record, evidence));
  return [
    {
      id: "tlsa-misplaced",
      domain: first.host,
      touches: [...domains.slice(1).map((one) => one.host), host],
      subject: `${tlsaOwner(first.host)} TLSA`,
      server: givenBy(first),
      found: `TLSA records at ${listed(domains.map((one) => tlsaOwner(one.host)))}, and none at ${tlsaOwner(host)} (${[...new Set(absentAt)].join(", ")})`,
      expected: `TLSA records at ${tlsaOwner(host)}: at the SRV record's target`,
      remedy: moved.join("\n"),
      change: { remove: old, publish: moved },
    },
  ];
}

function missing({ host }: TlsaAt, evidence: Evidence): Found {
  const needed = neededRecord(host, evidence);
  const published = needed === undefined ? undefined : line(host, needed, evidence);
  return {
    id: "tlsa-missing",
    ...about(host),
    server: askedAbout(host, evidence),
    found: "no TLSA record",
    expected: "a TLSA record for the certificate: dns.tlsa is true",
    remedy: published ?? `publish at ${tlsaOwner(host)} ${BY_HAND}`,
    ...(published !== undefined && { change: { remove: [], publish: [published] } }),
  };
}
