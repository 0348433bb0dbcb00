import type { DefinitionPlace, VerifyFinding } from "./report";

/** What the definition lets pass, with a reason and an end. */
export interface Waiver {
  /** The check's id. */
  readonly check: string;
  /** The local domain or the Access Edge FQDN; left out: wherever the check finds something. */
  readonly domain?: string | undefined;
  readonly reason: string;
  /** The last day on which it holds, `YYYY-MM-DD`, UTC. */
  readonly until: string;
}

/**
 * The findings under the waivers: what one covers becomes information and says so; one that has ended is a warning.
 * What could not be found out is never waived: nobody knows what it hides.
 * @param now milliseconds since 1970
 */
export function underWaivers(
  findings: readonly VerifyFinding[],
  waivers: readonly Waiver[],
  { now, placeOf }: { readonly now: number; readonly placeOf: (index: number) => DefinitionPlace | null },
): VerifyFinding[] {
  const today = new Date(now).toISOString().slice(0, 10);
  const holding = waivers.filter(({ until }) => today <= until);
  const judged = findings.map((finding): VerifyFinding => {
    const waiver = finding.verdict === "unknown" ? undefined : holding.find((one) => covers(one, finding));
    if (waiver === undefined) return finding;
    const { reason, until } = waiver;
    return { ...finding, verdict: "info", waived: { reason, until, verdict: finding.verdict } };
  });
  const ended = waivers.flatMap((waiver, index) =>
    today <= waiver.until ? [] : [endedWaiver(waiver, placeOf(index))],
  );
  return [...judged, ...ended];
}

const covers = ({ check, domain }: Waiver, finding: VerifyFinding) =>
  check === finding.id && (domain === undefined || domain === finding.domain);

const endedWaiver = ({ check, domain, until, reason }: Waiver, place: DefinitionPlace | null): VerifyFinding => ({
  id: "waiver-expired",
  verdict: "warn",
  severity: "warn",
  domain: domain ?? null,
  subject: `waiver of ${check}${domain === undefined ? "" : ` for ${domain}`}`,
  server: "",
  found: `it ended on ${until}; its reason was: ${reason}`,
  expected: "waivers that hold",
  source: "the definition: dns.waivers",
  remedy: "mend what it is about and remove it, or give it a later end with a reason that still holds",
  retryAfter: null,
  definition: place,
});
