import type { DocumentPartner, GatewayDocument } from "../../../definition/facts";
import { partnerPolicy } from "../../../definition/facts";
import type { EdgeProbe } from "../../probe";

/** The row of the partner that a probe said it was; undefined where it was nobody's. */
export type RowOf = (probe: EdgeProbe) => DocumentPartner | undefined;

export function rowsOf(gateway: Pick<GatewayDocument, "localDomains" | "partners"> | undefined): RowOf {
  if (gateway === undefined) return () => undefined;
  const policy = partnerPolicy(gateway);
  return ({ domain, from }) => (from === undefined ? undefined : policy.row(domain, from));
}

/**
 * Whether the end of a stream inside TLS is what a sound Access Edge does: it was told no name, or shown no
 * certificate for a name whose row, as far as it is known, lets nobody in without one.
 */
export function isRefusalOfStrangers(probe: EdgeProbe, rowOf: RowOf): boolean {
  if (probe.tls === undefined) return false;
  if (probe.from === undefined) return true;
  const row = rowOf(probe);
  return probe.certified !== true && row?.methods.includes("tls-dialback") !== true;
}
