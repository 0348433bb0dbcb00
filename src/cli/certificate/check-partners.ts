import { connectionFindings } from "../../certificate/check/connection-findings";
import type { CertificateFinding } from "../../certificate/check/finding";
import { inspectChain } from "../../certificate/check/inspect-chain";
import { type CertificateSubject, NOTHING_SEEN, subjectOf } from "../../certificate/check/report";
import { judgeByTlsa } from "../../certificate/dane";
import { judgeByPosh, type PoshQuestion } from "../../certificate/posh";
import { CHAIN_REFUSALS } from "../../certificate/refusal";
import { TrustStore } from "../../certificate/trust-store";
import type { Definition } from "../../definition";
import { rowOf } from "../../definition/negotiation";
import { type ProbeResult, probe } from "../../dns/probe";
import { InFlight, type NameResolver, stubResolver } from "../../dns/resolver";
import { type SecureResolver, secureResolver } from "../../dns/resolver/secure-resolver";
import { findTargets, type Target, type TargetLookup } from "../../dns/resolver/targets";
import { tlsaOf } from "../../dns/resolver/tlsa";
import { PoshDocuments } from "../../gateway/s2s/posh/posh-documents";
import type { CheckSurroundings } from "./check";

type Partner = Definition["partners"][number];

/** Partners that are asked at once. */
const AT_ONCE = 16;

/** Every domain of every partner: its servers found as the gateway finds them, the first that answers looked at. */
export function checkPartners(surroundings: CheckSurroundings): Promise<CertificateSubject[]> {
  const { definition } = surroundings;
  const resolver = stubResolver(surroundings.resolver === undefined ? {} : { servers: surroundings.resolver });
  const secure = secureResolver({
    ...(surroundings.resolver !== undefined && { servers: surroundings.resolver }),
    ...(surroundings.dnssecAnchors !== undefined && { anchors: surroundings.dnssecAnchors }),
  });
  const posh = new PoshDocuments({ resolver, now: Date.now });
  const inFlight = new InFlight(AT_ONCE);
  return Promise.all(
    definition.partners.flatMap((partner) => {
      const trust = partner.trustAnchors && TrustStore.fromPem(partner.trustAnchors.join("\n"));
      return [partner.domain, ...partner.additionalDomains].map((domain) =>
        inFlight.run("partners", () =>
          checkPartner(
            domain,
            partner,
            { resolver: partner.proofType === "dane" ? secure : resolver, secure, posh },
            { ...surroundings, ...(trust && { trust }) },
          ),
        ),
      );
    }),
  );
}

async function checkPartner(
  domain: string,
  partner: Partner,
  {
    resolver,
    secure,
    posh,
  }: { readonly resolver: NameResolver; readonly secure: SecureResolver; readonly posh: PoshDocuments },
  surroundings: CheckSurroundings,
): Promise<CertificateSubject> {
  const { definition, allowedTargets, signal, trust, lists } = surroundings;
  const allowed = [...allowedTargets, ...(partner.allowedTargets ?? [])];
  const lookup = await findTargets(domain, partner.proxyFqdn, resolver, { allowed, own: [] }, Math.random, signal);
  if (!lookup.ok) return subjectOf(domain, NOTHING_SEEN, { findings: [lookupFinding(domain, lookup, partner)] });
  const from = partner.localDomains?.[0] ?? definition.domains[0]?.name;
  const found = await probeFirst(lookup.targets, domain, from, surroundings);
  const { address, port, tls } = found;
  const name = `${domain} at ${address.includes(":") ? `[${address}]` : address}:${port}`;
  const plainAllowed = rowOf(partner).methods.includes("tcp-dialback");
  const findings = connectionFindings(found, { plainAllowed });
  if (tls === undefined) return subjectOf(name, NOTHING_SEEN, { probe: found, findings });
  const inspection = await inspectChain({
    chain: tls.chain,
    domains: [domain],
    trust,
    now: new Date(),
    live: true,
    signal,
    ...(partner.pins && { pins: partner.pins }),
    ...(lists && { lists }),
    ...(tls.stapled && { stapled: tls.stapled }),
  });
  const presented = tls.chain;
  let byProof: CertificateFinding[];
  if (partner.proofType === "dane")
    byProof = await tlsaFindings({ presented, domain, trust, place: found.target, secure, signal });
  else if (partner.proofType === "posh") {
    const evidence = await posh.of({ domain, row: partner, trust, policy: { allowed, own: [] } });
    byProof = poshFindings({ presented, domain, evidence });
  } else return subjectOf(name, inspection, { probe: found, findings });
  const { findings: seen, ...rest } = inspection;
  return subjectOf(
    name,
    { ...rest, findings: seen.filter(isNoPathFinding) },
    {
      probe: found,
      findings: [...findings, ...byProof],
    },
  );
}

const PATH_FINDINGS: ReadonlySet<string> = new Set(CHAIN_REFUSALS.map((code) => `certificate-${code}`));
/** Of a certificate that TLSA records or a POSH document prove, a path to our anchors is not asked. */
const isNoPathFinding = ({ id }: CertificateFinding) => !PATH_FINDINGS.has(id);

async function tlsaFindings({
  presented,
  domain,
  trust,
  place,
  secure,
  signal,
}: {
  readonly presented: readonly Buffer[];
  readonly domain: string;
  readonly trust: TrustStore;
  readonly place: { readonly host: string; readonly port: number };
  readonly secure: SecureResolver;
  readonly signal: AbortSignal;
}): Promise<CertificateFinding[]> {
  const looked = await tlsaOf(place, secure, signal);
  const evidence = looked.ok ? { domain, endpoints: [looked.endpoint] } : { domain, failed: looked.text };
  const verdict = judgeByTlsa({ presented, domain, evidence, trust, now: new Date() });
  if (verdict.ok) return [];
  return [
    {
      id: "certificate-tlsa",
      verdict: looked.ok || looked.absent ? "fail" : "unknown",
      domains: [domain],
      found: verdict.reason,
      expected: "a TLSA record, proved by DNSSEC, that agrees with the certificate",
      remedy: "ask the partner to publish one, or take proofType out of its row",
      source: "RFC 7673 section 4",
    },
  ];
}

function poshFindings(question: PoshQuestion): CertificateFinding[] {
  const verdict = judgeByPosh(question);
  if (verdict.ok) return [];
  return [
    {
      id: "certificate-posh",
      verdict: question.evidence !== undefined && "failed" in question.evidence ? "unknown" : "fail",
      domains: [question.domain],
      found: verdict.reason,
      expected: "a POSH document that lists the certificate",
      remedy: "ask the partner to list it, or take proofType out of its row",
      source: "RFC 7711",
    },
  ];
}

/** In the order in which the gateway tries them: an address that does not answer is passed over. */
async function probeFirst(
  targets: readonly Target[],
  domain: string,
  from: string | undefined,
  { timeout, signal, secureContext }: CheckSurroundings,
): Promise<ProbeResult & { readonly target: Target }> {
  let last: (ProbeResult & { readonly target: Target }) | undefined;
  for (const target of targets) {
    const { address, port } = target;
    const probed = await probe(
      { domain, address, port, ...(from !== undefined && { from }) },
      { timeout, signal, ...(secureContext && { secureContext }) },
    );
    last = { ...probed, target };
    if (last.reached !== "none" || signal.aborted) break;
  }
  if (last === undefined) throw new RangeError("a look-up that succeeds has a target");
  return last;
}

function lookupFinding(
  domain: string,
  lookup: Extract<TargetLookup, { ok: false }>,
  { proofType }: Partner,
): CertificateFinding {
  return {
    id: `partner-${lookup.why}`,
    verdict: lookup.why === "failed" ? "unknown" : "fail",
    domains: [domain],
    found: lookup.text,
    expected: "a server of the partner",
    remedy:
      lookup.why === "forbidden"
        ? `${lookup.remedy} (or --allow-private-targets for this run)`
        : lookup.why === "absent"
          ? "ask the partner where its server is; set proxyFqdn if it publishes no SRV record"
          : proofType === "dane"
            ? "ask the partner to sign its zones, and look whether the resolvers pass signatures on"
            : "look whether the DNS can be reached, and run it again",
    source: "RFC 6120 section 3.2",
  };
}
