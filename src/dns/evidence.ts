import type { Expected } from "./expected";
import type { ProbeResult } from "./probe";
import type { Survey } from "./survey";
import type { SurveyTrust } from "./trust";

/** What was meant, and all that a run found out: what the checks read. */
export interface Evidence {
  readonly expected: Expected;
  readonly survey: Survey;
  readonly trust: SurveyTrust;
  /** What the Access Edge showed, one for each address, port and domain that was probed. */
  readonly probes: readonly ProbeResult[];
  /** What the partners' servers showed. */
  readonly partners: readonly PartnerEvidence[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** How far we came towards a partner's domain. */
export interface PartnerEvidence {
  /** The domain of its row, or an additional one, in A-labels. */
  readonly domain: string;
  /** Where its SRV records, or without them its own addresses, lead; by priority. Empty where nowhere. */
  readonly probes: readonly ProbeResult[];
}
