import { catalogueEntry } from "./explain/catalogue";
import type { VerifyFinding, VerifyReport } from "./report/report";

/** Who is asked in a round: the zones' own servers first, resolvers only when those have it. */
export type WaitStage = "authoritative" | "resolvers";

/** What is awaited after a round, and when it is looked at again. */
export interface Awaited {
  readonly stage: WaitStage;
  readonly findings: readonly VerifyFinding[];
  /** Milliseconds since 1970. */
  readonly nextAt: number;
  readonly until: number;
}

export interface WaitOptions {
  /** Looks once. */
  readonly look: (stage: WaitStage) => Promise<VerifyReport>;
  /** Milliseconds for the whole. */
  readonly timeout: number;
  readonly failOn: "fail" | "warn";
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the wait is interrupted. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onAwait: (awaited: Awaited) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds between looks at servers that say what is there now. */
const INTERVAL = 5000;

type Step = { readonly kind: "next" } | { readonly kind: "stop" } | { readonly kind: "again"; readonly after: number };

/**
 * Waits until what is declared is published everywhere. A resolver that is asked for a name before its zone has it
 * keeps the absence for as long as the zone says (RFC 2308), so resolvers are not asked until every authoritative
 * server is right. Gives up where waiting cannot mend what is found.
 * @returns the last report; its reason is `wait` where time ran out
 */
export async function waitUntilPublished(options: WaitOptions): Promise<VerifyReport> {
  const { look, timeout, now, sleep, onAwait, signal } = options;
  const until = now() + timeout;
  let stage: WaitStage = "authoritative";
  for (;;) {
    const report = await look(stage);
    if (signal.aborted) return report;
    const step = stepAfter(report, stage, options.failOn);
    if (step.kind === "stop") return report;
    if (step.kind === "next") {
      if (stage === "resolvers") return report;
      stage = "resolvers";
      continue;
    }
    const nextAt = now() + step.after;
    if (nextAt >= until) return { ...report, reason: "wait" };
    onAwait({ stage, findings: awaited(report, options.failOn), nextAt, until });
    await sleep(step.after);
    if (signal.aborted) return report;
  }
}

/** What a round leads to. */
export function stepAfter(report: VerifyReport, stage: WaitStage, failOn: "fail" | "warn"): Step {
  const open = awaited(report, failOn);
  if (open.length === 0) return { kind: "next" };
  // Unknown may pass by itself; of faults each has to be one that publishing or forgetting mends.
  if (open.some((finding) => !mayPass(finding, stage))) return { kind: "stop" };
  if (stage === "authoritative") return { kind: "again", after: INTERVAL };
  const waits = open.map(({ retryAfter }) => (retryAfter === null ? INTERVAL : Math.max(retryAfter, 1) * 1000));
  return { kind: "again", after: Math.min(...waits) };
}

const awaited = ({ findings }: VerifyReport, failOn: "fail" | "warn") =>
  findings.filter(
    ({ verdict }) => verdict === "fail" || verdict === "unknown" || (failOn === "warn" && verdict === "warn"),
  );

function mayPass({ id, verdict, retryAfter }: VerifyFinding, stage: WaitStage): boolean {
  if (verdict === "unknown") return true;
  if (!(catalogueEntry(id)?.passes ?? false)) return false;
  return stage === "authoritative" || retryAfter !== null;
}
