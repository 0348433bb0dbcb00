import type { IdentityVerdict } from "../certificate/peer-identity";
import type { TrustStore } from "../certificate/trust-store";
import type { DocumentPartner } from "../definition/facts";
import type { Expected } from "./expected";
import type { EdgeProbe, ProbeResult } from "./probe";
import type { NotLooked } from "./report/report";
import type { TargetLookup } from "./resolver/targets";
import type { Survey } from "./survey";
import type { SurveyTrust } from "./trust";

/** What was meant, and all that a run found out: what the checks read. */
export interface Evidence {
  readonly expected: Expected;
  readonly survey: Survey;
  readonly trust: SurveyTrust;
  /** What the Access Edge showed, one for each address, port and domain that was probed. */
  readonly probes: readonly EdgeProbe[];
  /** The CAs that the Access Edge's chain has to lead to; absent where no chain was seen. */
  readonly authorities?: TrustStore;
  /** What the partners' servers showed. */
  readonly partners: readonly PartnerEvidence[];
  /** What the DNS says of the partners, and how far it can be believed; absent where they were not looked at. */
  readonly partnerDns?: { readonly survey: Survey; readonly trust: SurveyTrust };
  /** What a bound kept from being looked at; absent where nothing was left out. */
  readonly notLooked?: readonly NotLooked[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** How far we came towards a partner's domain. */
export interface PartnerEvidence {
  /** The domain of its row, or an additional one, in A-labels. */
  readonly domain: string;
  readonly row: DocumentPartner;
  /** Where the gateway would connect. */
  readonly place: TargetLookup;
  /** The servers that were tried, in the gateway's order, until one answered. */
  readonly probes: readonly ProbeResult[];
  /** What the gateway would say of the last one's certificate; absent where it showed none. */
  readonly identity?: IdentityVerdict;
  /** We showed a certificate: SASL EXTERNAL is offered if it ever is. */
  readonly certified?: true;
}
