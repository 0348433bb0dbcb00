import { PeerIdentity } from "../../../certificate/peer-identity";
import type { TrustStore } from "../../../certificate/trust-store";
import type { DocumentPartner, GatewayDocument } from "../../../definition/facts/gateway-document";
import type { PartnerEvidence } from "../../evidence";
import { InFlight, type NameResolver } from "../../resolver";
import { findTargets } from "../../resolver/targets";
import { insteadOf } from "../connect-to";
import { type ProbeOptions, probe } from "../probe";
import type { ProbeResult } from "../probe-result";
import { PARTNERS_LOOKED_AT, type PartnersLookedAt, type ProbingOptions } from "../probing-options";

/** A partner's domain, with its row. */
export interface PartnerDomain {
  readonly domain: string;
  readonly row: DocumentPartner;
}

/** Those of the partners' domains that are looked at, in the definition's order. */
export function partnerDomains(
  { partners }: Pick<GatewayDocument, "partners">,
  lookedAt: PartnersLookedAt = PARTNERS_LOOKED_AT,
): PartnerDomain[] {
  const most = lookedAt === "all" ? Number.POSITIVE_INFINITY : lookedAt === "none" ? 0 : lookedAt;
  const domains: PartnerDomain[] = [];
  for (const row of partners)
    for (const domain of row.domains) {
      if (domains.length >= most) return domains;
      domains.push({ domain, row });
    }
  return domains;
}

/** How many of the partners' domains a number leaves out; where none are to be looked at, none is missed. */
export function partnersLeftOut(
  { partners }: Pick<GatewayDocument, "partners">,
  lookedAt: PartnersLookedAt = PARTNERS_LOOKED_AT,
): number {
  const all = partners.reduce((sum, { domains }) => sum + domains.length, 0);
  return typeof lookedAt === "number" && lookedAt > 0 ? Math.max(0, all - lookedAt) : 0;
}

export interface PartnerLooking extends ProbeOptions, Pick<ProbingOptions, "connectTo"> {
  readonly names: NameResolver;
  /** The document of our gateway: who we are. */
  readonly gateway: Pick<GatewayDocument, "localDomains" | "accessEdge">;
  /** Ranges that may be dialled though they are not public, besides the row's own. */
  readonly allowedTargets: readonly string[];
  /** CAs that partners' chains have to lead to where their row names none; asked for only where it is needed. */
  readonly trust: () => TrustStore;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Partners that are looked at at once. */
const AT_ONCE = 16;

/** Every domain's server, found as the gateway finds it: the first that answers is looked at. */
export function lookAtPartners(domains: readonly PartnerDomain[], looking: PartnerLooking): Promise<PartnerEvidence[]> {
  const inFlight = new InFlight(AT_ONCE);
  return Promise.all(domains.map((one) => inFlight.run("partners", () => lookAt(one, looking))));
}

async function lookAt({ domain, row }: PartnerDomain, looking: PartnerLooking): Promise<PartnerEvidence> {
  const { gateway, allowedTargets, connectTo = [], signal } = looking;
  const chosen = connectTo.map(({ to }) => `${to.address}/${to.address.includes(":") ? 128 : 32}`);
  const policy = {
    allowed: [...allowedTargets, ...(row.allowedTargets ?? []), ...chosen],
    own: gateway.accessEdge.addresses.map((address) => ({ address, port: gateway.accessEdge.port })),
  };
  // Of equal weights the first, always: a report must not differ from run to run.
  const place = await findTargets(domain, row.proxyFqdn, looking.names, policy, () => 0, signal);
  const probes: ProbeResult[] = [];
  const local = row.localDomains?.[0] ?? gateway.localDomains[0];
  for (const { host, port, address } of place.ok ? place.targets : []) {
    const dial = insteadOf(host, port, connectTo) ?? { address, port };
    const probed = await probe({ domain, ...dial, ...(local !== undefined && { from: local }) }, looking);
    probes.push(probed);
    if (probed.reached !== "none" || signal.aborted) break;
  }
  const chain = probes.at(-1)?.tls?.chain;
  const seen = { domain, row, place, probes, ...(looking.secureContext !== undefined && { certified: true as const }) };
  if (chain === undefined) return seen;
  if (row.proofType !== undefined) return seen; // neither the resolvers asked here nor a path prove anything
  const identity = new PeerIdentity(row.trustAnchors === undefined ? looking.trust() : undefined, looking.now);
  // Revocation is what `certificate check --partner` looks at, with the CA's lists as they are.
  const { revocation: _, ...trusted } = row;
  return { ...seen, identity: identity.judge(trusted, domain, chain) };
}
