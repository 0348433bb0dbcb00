import type { Verdict, VerifyReport } from "./report";

/** What closes a gate. */
export interface GatePolicy {
  readonly failOn: "fail" | "warn";
  readonly allowUnknown: boolean;
}

/** Why the gate closes because of what was found; null where nothing does, though something may be unknown. */
export const gateReason = (verdict: Verdict, hasWarning: boolean, { failOn }: GatePolicy): "fail" | "warn" | null => {
  if (verdict === "fail") return "fail";
  return failOn === "warn" && hasWarning ? "warn" : null;
};

/** The report with the reason for which the gate closes. */
export const gated = (report: VerifyReport, policy: GatePolicy): VerifyReport => ({
  ...report,
  reason: report.reason === "wait" ? "wait" : gateReason(report.verdict, report.counts.warn > 0, policy),
});

/** 0 good, 1 found wanting, 3 not everything could be found out: never lowered by what is allowed otherwise. */
export function gateExitCode({ reason, verdict }: VerifyReport, { allowUnknown }: GatePolicy): 0 | 1 | 3 {
  if (reason !== null && reason !== undefined) return 1;
  return verdict === "unknown" && !allowUnknown ? 3 : 0;
}
