import type { DocumentPartner, GatewayDocument } from "./gateway-document";

/** One immutable snapshot of who may federate, swapped whole when the configuration changes. O(1) in partners. */
export interface PartnerPolicy {
  readonly localDomains: ReadonlySet<string>;
  /** The row of a domain pair; undefined where the pair may not federate. */
  row(local: string, remote: string): DocumentPartner | undefined;
  /** The partner a remote domain belongs to, whichever of our domains it may talk to. */
  partner(remote: string): DocumentPartner | undefined;
  /** Whether a partner's user (a bare address) is blocked: shut out, although the partner is not. */
  blocks(remote: string): boolean;
}

/** The partner policy of a document. */
export function partnerPolicy(document: Pick<GatewayDocument, "localDomains" | "partners">): PartnerPolicy {
  const localDomains = new Set(document.localDomains);
  // A row blocks users of its own domains alone, and a domain is of one row: one set has no strangers.
  const blocked = new Set(document.partners.flatMap(({ blockedUsers = [] }) => blockedUsers));
  const rows = new Map<string, { readonly row: DocumentPartner; readonly locals: ReadonlySet<string> }>();
  for (const row of document.partners) {
    const locals = row.localDomains === undefined ? localDomains : new Set(row.localDomains);
    for (const domain of row.domains) rows.set(domain, { row, locals });
  }
  return {
    localDomains,
    row(local, remote) {
      const found = rows.get(remote);
      return found?.locals.has(local) ? found.row : undefined;
    },
    partner: (remote) => rows.get(remote)?.row,
    blocks: (remote) => blocked.has(remote),
  };
}
