import type { Evidence } from "../../evidence";
import { comparable } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";
import { type Climbed, climber } from "./caa-climb";
import { applicantOf, type CaaRecord, caaText, forbidden, unknownCritical } from "./caa-set";
import { namesOf } from "./concerned-zones";

/** A finding, and the name of the certificate that it is of. */
interface OfName {
  readonly name: string;
  readonly found: Omit<Found, "domain" | "touches">;
}

/** On whether the declared CA may issue the certificate: each of its names, the same of several told once. */
export function* caa(evidence: Evidence): Iterable<Found> {
  const same = new Map<string, { found: OfName["found"]; names: Set<string>; subjects: Set<string> }>();
  for (const { name, found } of ofNames(evidence)) {
    const { subject, ...rest } = found;
    const key = JSON.stringify(rest);
    const known = same.get(key) ?? { found, names: new Set(), subjects: new Set() };
    known.names.add(aboutName(name, evidence));
    known.subjects.add(subject);
    same.set(key, known);
  }
  for (const { found, names, subjects } of same.values()) {
    const [domain = null, ...touches] = names;
    yield { ...found, subject: listed([...subjects]), domain, ...(touches.length > 0 && { touches }) };
  }
}

/** The name of the definition that a name of the certificate belongs to: without its certificate the edge has none. */
function aboutName(name: string, evidence: Evidence): string {
  const known = new Set(namesOf(evidence));
  for (let at = name; at.includes("."); at = at.slice(at.indexOf(".") + 1)) if (known.has(at)) return at;
  return comparable(evidence.expected.hosts[0] ?? name);
}

/** Sources without a CA of their own that is known: whose CA it is, nobody said. */
const ELSEWHERE = new Set(["request", "imported", "lab"]);
/** The CA asks again at every renewal, and nobody looks on. */
const RENEWED = new Set(["acme", "acm"]);

function* ofNames(evidence: Evidence): Iterable<OfName> {
  const { certificate } = evidence.expected.facts;
  if (certificate === undefined || (certificate.issuer === undefined && ELSEWHERE.has(certificate.source))) return;
  const applicant = applicantOf(certificate.issuer, certificate);
  const climb = climber(evidence);
  for (const { name: written } of certificate.names) {
    const wildcard = written.startsWith("*.");
    const name = comparable(wildcard ? written.slice(2) : written);
    const climbed = climb(name);
    if (climbed.kind === "unanswered") yield { name, found: ofUnanswered(climbed, RENEWED.has(certificate.source)) };
    if (climbed.kind !== "sets") continue;
    for (const { owner, records, servers } of climbed.sets) {
      const about = { subject: `${owner} CAA`, server: servers.join(", ") };
      const critical = unknownCritical(records);
      if (critical.length > 0) {
        yield { name, found: { ...about, ...ofCritical(owner, critical, evidence) } };
        continue;
      }
      const why = forbidden(records, applicant, wildcard);
      if (why === undefined) continue;
      const tag = wildcard && records.some((record) => record.tag === "issuewild") ? "issuewild" : "issue";
      yield { name, found: { ...about, ...ofForbidden(owner, records, why, certificate.issuer, tag, evidence) } };
    }
  }
}

const head = (owner: string, { expected }: Evidence): string => `${owner}. ${expected.facts.dns.ttl ?? 3600} IN CAA`;

function ofForbidden(
  owner: string,
  records: readonly CaaRecord[],
  why: string,
  issuer: string | undefined,
  tag: string,
  evidence: Evidence,
) {
  const line = issuer === undefined ? undefined : `${head(owner, evidence)} 0 ${tag} "${issuer}"`;
  return {
    id: "caa-forbids",
    found: `${listed(records.map(caaText))}: ${why}`,
    expected: issuer === undefined ? "a CA that may issue" : `a set that lets ${issuer} issue`,
    remedy: line ?? `take the CAA records at ${owner} away, or add one that names the CA`,
    ...(line !== undefined && { change: { remove: [], publish: [line] } }),
  };
}

function ofCritical(owner: string, critical: readonly CaaRecord[], evidence: Evidence) {
  return {
    id: "caa-critical",
    found: `${listed(critical.map(caaText))}: a critical record that CAs do not know`,
    expected: "the critical flag (128) only with tags that CAs know",
    remedy: `remove the record${critical.length === 1 ? "" : "s"} ${listed(critical.map((one) => `${head(owner, evidence)} ${caaText(one)}`))}`,
    change: { remove: critical.slice(0, 16).map((one) => `${head(owner, evidence)} ${caaText(one)}`), publish: [] },
  };
}

function ofUnanswered({ at, zone, said }: Extract<Climbed, { kind: "unanswered" }>, renewed: boolean): OfName["found"] {
  return {
    id: "caa-unanswered",
    // Silence may be ours alone; a refusal is everybody's.
    ...(renewed && said.some(({ refused }) => refused) && { verdict: "fail" as const }),
    subject: `${at} CAA`,
    server: said.map(({ server }) => server).join(", "),
    found: `no answer: ${listed([...new Set(said.map(({ reason }) => reason))])}`,
    expected: "CAA records, or the answer that there are none: without one a CA has to refuse",
    remedy: `mend the name servers of ${zone}: they answer other questions, and have to answer this one (type 257) too`,
  };
}
