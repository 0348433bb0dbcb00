import type { Finding } from "../finding";
import type { Definition } from "../schema";
import { accessPolicyFindings } from "./access-policies";
import { acmeChallengeFindings } from "./acme-challenge";
import { addressFindings } from "./addresses";
import { blockedUserFindings } from "./blocked-users";
import { certificateFindings } from "./certificate";
import { certificateProofFindings } from "./certificate-proof";
import { directTlsFindings } from "./direct-tls";
import { internalServerFindings } from "./internal-server";
import { negotiationFindings } from "./negotiation";
import { notBuiltFindings } from "./not-built";
import { partnerDomainFindings } from "./partner-domains";
import { partnerReachFindings } from "./partner-reach";
import { partnerTrustFindings } from "./partner-trust";
import { trustAnchorFindings } from "./trust-anchors";
import { userFindings } from "./users";

/** Checks across the whole of a read definition; `raw` is the value before defaults. */
export function checks(definition: Definition, raw: unknown): Finding[] {
  return [
    ...addressFindings(definition),
    ...certificateFindings(definition),
    ...acmeChallengeFindings(definition),
    ...directTlsFindings(definition),
    ...negotiationFindings(definition),
    ...partnerDomainFindings(definition),
    ...partnerTrustFindings(definition, raw),
    ...partnerReachFindings(definition),
    ...blockedUserFindings(definition),
    ...trustAnchorFindings(definition),
    ...certificateProofFindings(definition),
    ...accessPolicyFindings(definition, raw),
    ...userFindings(definition),
    ...internalServerFindings(definition),
    ...notBuiltFindings(definition),
  ];
}
