import type { Plan } from "./plan";
import type { PlanRule } from "./rule";

/** Leave to break a rule, for one resource, for a reason, until a day. */
export interface Waiver {
  /** Id of the rule. */
  readonly rule: string;
  /** Address of the resource; `*` stands for any characters. */
  readonly address: string;
  readonly reason: string;
  /** The last day of it, `YYYY-MM-DD` (UTC). */
  readonly until: string;
}

export interface PlanFinding {
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly address: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
  /** Why it is let pass, and until when. */
  readonly waived?: { readonly reason: string; readonly until: string };
}

export interface Judgement {
  /** Errors first. */
  readonly findings: readonly PlanFinding[];
  /** Whether no error is left that nobody waived. */
  readonly kept: boolean;
}

const RANK = { error: 0, warning: 1, info: 2 };

/**
 * Holds a plan to rules.
 * @param now milliseconds since 1970; decides which waivers have ended
 */
export function judge(plan: Plan, rules: readonly PlanRule[], waivers: readonly Waiver[], now: number): Judgement {
  const today = new Date(now).toISOString().slice(0, 10);
  const used = new Set<Waiver>();
  const findings: PlanFinding[] = rules.flatMap((rule) =>
    rule.check(plan).map(({ address, found, expected, unjudged }): PlanFinding => {
      const { id, remedy, severity } = rule;
      const finding = { rule: id, address, found, expected, remedy };
      if (unjudged)
        return {
          ...finding,
          severity: "info",
          remedy: "judge it after the deploy, or by plan --offline, which knows it",
        };
      const waiver = waivers.find((one) => one.rule === id && covers(one.address, address) && today <= one.until);
      if (waiver === undefined) return { ...finding, severity };
      used.add(waiver);
      return { ...finding, severity: "info", waived: { reason: waiver.reason, until: waiver.until } };
    }),
  );
  const stale = waivers.filter((waiver) => !used.has(waiver)).map((waiver) => staleWaiver(waiver, today));
  const all = [...findings, ...stale].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  return { findings: all, kept: !all.some(({ severity }) => severity === "error") };
}

/** One that lets nothing pass any more would let the next thing pass unseen. */
function staleWaiver({ rule, address, until }: Waiver, today: string): PlanFinding {
  const ended = until < today;
  return {
    rule: "waiver-stale",
    severity: "warning",
    address,
    found: ended ? `the waiver of ${rule} ended on ${until}` : `the waiver of ${rule} lets nothing pass`,
    expected: "waivers that are needed",
    remedy: ended ? "mend what it let pass, or give a new day with a new reason" : "remove it",
  };
}

function covers(pattern: string, address: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === address;
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!address.startsWith(first) || !address.endsWith(last) || address.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = address.indexOf(part, at);
    if (found < 0 || found + part.length > address.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
