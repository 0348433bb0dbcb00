import type { Evidence } from "../../evidence";
import { denialKind, describeZone } from "../../resolver/dnssec/zone-signing";
import type { SecureZone } from "../../resolver/dnssec/zone-trust";
import { heard } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";
import type { ConcernedZone } from "./concerned-zones";
import { keyAnswers, neededDelegation, publishedDelegations } from "./delegation-signer";
import { answering, serverNames } from "./zone-servers";

/** On how zones of ours are signed: without anybody's word for it, by what is too weak, by what costs too much. */
export function* protection(zones: readonly ConcernedZone[], evidence: Evidence): Iterable<Found> {
  for (const zone of zones) {
    if (!zone.own) continue;
    const trust = evidence.trust.zones.get(zone.name);
    if (trust?.status === "insecure") yield* unprotected(zone, trust.because, evidence);
    if (trust?.status !== "secure") continue;
    yield* weak(zone, trust, evidence);
    yield* costly(zone, evidence);
  }
}

const about = ({ name, names, asked }: ConcernedZone, { survey }: Evidence, type: "DS" | "DNSKEY" | "NSEC3") => {
  const [domain = null, ...touches] = names;
  const keys = asked.find(({ question }) => question.type === "DNSKEY");
  return {
    domain,
    ...(touches.length > 0 && { touches }),
    subject: `${name} ${type}`,
    server: answering(survey, name, keys?.observations ?? []).join(", "),
  };
};

/** Only where the zone above is protected itself: below one that is not, no DS would help. */
function* unprotected(zone: ConcernedZone, because: string, evidence: Evidence): Iterable<Found> {
  const { name } = zone;
  const parent = evidence.survey.zones.get(name)?.path.at(-2);
  if (parent === undefined || evidence.trust.zones.get(parent)?.status !== "secure") return;
  if (because === "unknown-algorithm")
    yield {
      id: "dnssec-algorithm",
      ...about(zone, evidence, "DS"),
      found: `DS records of algorithms or digests that validators do not know, and nothing else: ${listed(publishedDelegations(evidence, name))}`,
      expected: "algorithm 13 or 15, and a digest of type 2",
      remedy: `roll the keys of ${name} to algorithm 13 (ECDSAP256SHA256) or 15 (ED25519)`,
    };
  if (because !== "no-ds" || keyAnswers(evidence, name).length === 0) return;
  const line = neededDelegation(evidence, name);
  yield {
    id: "dnssec-no-ds",
    ...about(zone, evidence, "DS"),
    found:
      line === undefined
        ? "the zone is signed, its parent has no DS for it, and the signature over its keys does not hold"
        : "the zone is signed, and its parent has no DS for it",
    expected: "a DS at the parent, or no signatures",
    remedy:
      line ?? `sign ${name} right first, then publish a DS at the registrar; with a DS as it is now it would fail`,
    ...(line !== undefined && { change: { remove: [], publish: [line] } }),
  };
}

const RSA_SHA1 = new Map([
  [5, "RSASHA1"],
  [7, "RSASHA1-NSEC3-SHA1"],
]);
const LEAST_BITS = 2048;
const SHA1 = 1;

function* weak(zone: ConcernedZone, trust: SecureZone, evidence: Evidence): Iterable<Found> {
  const { name } = zone;
  const { keys, delegations } = describeZone(trust, Math.floor(evidence.now / 1000));
  const faults = keys
    .filter(({ revoked }) => !revoked)
    .flatMap(({ tag, algorithm, bits }) => {
      const sha1 = RSA_SHA1.get(algorithm);
      if (sha1 !== undefined) return [`key ${tag} is of algorithm ${algorithm} (${sha1})`];
      return bits !== undefined && bits < LEAST_BITS ? [`key ${tag} is RSA of ${bits} bits`] : [];
    });
  const matching = delegations.filter(({ matches }) => matches);
  const oldDigest = matching.length > 0 && matching.every(({ digestType }) => digestType === SHA1);
  if (faults.length === 0 && !oldDigest) return;
  const line = faults.length === 0 ? neededDelegation(evidence, name) : undefined;
  const remove = publishedDelegations(evidence, name).filter((published) => published !== line);
  yield {
    id: "dnssec-algorithm",
    ...about(zone, evidence, faults.length === 0 ? "DS" : "DNSKEY"),
    found: listed([...faults, ...(oldDigest ? ["the DS at the parent is a SHA-1 digest"] : [])]),
    expected: "algorithm 13 or 15 (RSA of 2048 bits and more also does), and a DS digest of type 2",
    remedy: line ?? `roll the keys of ${name} to algorithm 13 (ECDSAP256SHA256) or 15 (ED25519)`,
    ...(line !== undefined && { change: { remove, publish: [line] } }),
  };
}

/** Denials of one server that are read: all of a zone have the same parameters. */
const READ = 3;

function* costly(zone: ConcernedZone, evidence: Evidence): Iterable<Found> {
  const { name, asked } = zone;
  const trust = evidence.trust.zones.get(name);
  if (trust === undefined) return;
  const nameOf = serverNames(evidence.survey, name);
  const read = new Map<string, number>();
  const servers = new Set<string>();
  let most = 0;
  let salt = 0;
  for (const { observations } of asked)
    for (const { server, said } of observations) {
      // The count of records in the authority section.
      if (said.status === "failed" || !said.authoritative || said.wire.readUInt16BE(8) === 0) continue;
      const text = nameOf(server);
      const before = read.get(text) ?? 0;
      if (before >= READ) continue;
      const answer = heard(said);
      const kind = "answers" in answer ? denialKind(answer, trust.zone) : undefined;
      if (kind === undefined) continue;
      read.set(text, before + 1);
      if (kind.kind !== "nsec3" || kind.iterations === 0) continue;
      servers.add(text);
      most = Math.max(most, kind.iterations);
      salt = Math.max(salt, kind.saltOctets);
    }
  if (most === 0) return;
  const insecure = most > 150 ? ": more than validators compute, so that the zone counts as unsigned" : "";
  yield {
    id: "dnssec-nsec3",
    ...about(zone, evidence, "NSEC3"),
    server: [...servers].join(", "),
    found: `NSEC3 with ${most} further iterations${salt > 0 ? ` and a salt of ${salt} octets` : ""}${insecure}`,
    expected: "0 iterations and no salt",
    remedy: `sign ${name} with NSEC3 parameters 1 0 0 - (or with NSEC)`,
  };
}
