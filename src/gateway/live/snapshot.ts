import { sameValue } from "../../definition/diff/same-value";
import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { type PartnerPolicy, partnerPolicy } from "../../definition/facts/partner-policy";
import { type LocalAccess, localAccess } from "../policy/access";

/** All that a running gateway is configured with, at one moment. Never changed: swapped whole for another. */
export interface Snapshot {
  readonly document: GatewayDocument;
  readonly policy: PartnerPolicy;
  readonly access: LocalAccess;
}

/** The snapshot of a document. */
export function snapshotOf(document: GatewayDocument): Snapshot {
  return { document, policy: partnerPolicy(document), access: localAccess(document) };
}

/**
 * The snapshot of another document. Rows that say the same stay the same objects: a stream is concerned by a change
 * exactly if its pair's row is another one, and anchors that did not change are not parsed again.
 */
export function nextSnapshot(before: Snapshot, document: GatewayDocument): Snapshot {
  const partners = document.partners.map((row) => {
    const known = before.policy.partner(row.domain);
    return known !== undefined && sameValue(known, row) ? known : row;
  });
  return snapshotOf({ ...document, partners });
}
