import { connectionFindings } from "../../certificate/check/connection-findings";
import type { CertificateFinding } from "../../certificate/check/finding";
import { inspectChain } from "../../certificate/check/inspect-chain";
import { type CertificateSubject, NOTHING_SEEN, subjectOf } from "../../certificate/check/report";
import { TrustStore } from "../../certificate/trust-store";
import type { Definition } from "../../definition";
import { rowOf } from "../../definition/negotiation";
import { type ProbeResult, probe } from "../../dns/probe";
import { InFlight, type NameResolver, stubResolver } from "../../dns/resolver";
import { findTargets, type TargetLookup } from "../../dns/resolver/targets";
import type { CheckSurroundings } from "./check";

type Partner = Definition["partners"][number];

/** Partners that are asked at once. */
const AT_ONCE = 16;

/** Every domain of every partner: its servers found as the gateway finds them, the first that answers looked at. */
export function checkPartners(surroundings: CheckSurroundings): Promise<CertificateSubject[]> {
  const { definition } = surroundings;
  const resolver = stubResolver(surroundings.resolver === undefined ? {} : { servers: surroundings.resolver });
  const inFlight = new InFlight(AT_ONCE);
  return Promise.all(
    definition.partners.flatMap((partner) => {
      const trust = partner.trustAnchors && TrustStore.fromPem(partner.trustAnchors.join("\n"));
      return [partner.domain, ...partner.additionalDomains].map((domain) =>
        inFlight.run("partners", () =>
          checkPartner(domain, partner, resolver, { ...surroundings, ...(trust && { trust }) }),
        ),
      );
    }),
  );
}

async function checkPartner(
  domain: string,
  partner: Partner,
  resolver: NameResolver,
  surroundings: CheckSurroundings,
): Promise<CertificateSubject> {
  const { definition, allowedTargets, signal, trust, lists } = surroundings;
  const allowed = [...allowedTargets, ...(partner.allowedTargets ?? [])];
  const lookup = await findTargets(domain, partner.proxyFqdn, resolver, { allowed, own: [] }, Math.random, signal);
  if (!lookup.ok) return subjectOf(domain, NOTHING_SEEN, { findings: [lookupFinding(domain, lookup)] });
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
  return subjectOf(name, inspection, { probe: found, findings });
}

/** In the order in which the gateway tries them: an address that does not answer is passed over. */
async function probeFirst(
  targets: readonly { readonly address: string; readonly port: number }[],
  domain: string,
  from: string | undefined,
  { timeout, signal, secureContext }: CheckSurroundings,
): Promise<ProbeResult> {
  let last: ProbeResult | undefined;
  for (const { address, port } of targets) {
    last = await probe(
      { domain, address, port, ...(from !== undefined && { from }) },
      { timeout, signal, ...(secureContext && { secureContext }) },
    );
    if (last.reached !== "none" || signal.aborted) break;
  }
  if (last === undefined) throw new RangeError("a look-up that succeeds has a target");
  return last;
}

function lookupFinding(domain: string, lookup: Extract<TargetLookup, { ok: false }>): CertificateFinding {
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
          : "look whether the DNS can be reached, and run it again",
    source: "RFC 6120 section 3.2",
  };
}
