import { catalogueEntry } from "./explain/catalogue";
import type { VerifyFinding, VerifyReport } from "./report/report";

/** Who is asked in a round: the zones' own servers first, resolvers too only when those have it. */
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
  /** Where it begins; `resolvers` where nobody else can be asked. Default: `authoritative`. */
  readonly from?: WaitStage;
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the wait is interrupted. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onAwait: (awaited: Awaited) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds between looks at servers that say what is there now. */
const INTERVAL = 5000;

type Step =
  | { readonly kind: "next" }
  | { readonly kind: "stop" }
  | { readonly kind: "again"; readonly stage: WaitStage; readonly after: number };

/**
 * Waits until what is declared is published everywhere. A resolver that is asked for a name before its zone has it
 * keeps the absence for as long as the zone says (RFC 2308), so resolvers are not asked until every authoritative
 * server is right. Gives up where waiting cannot mend what is found.
 * @returns the last report; its reason is `wait` where time ran out
 */
export async function waitUntilPublished(options: WaitOptions): Promise<VerifyReport> {
  const { look, timeout, now, sleep, onAwait, signal, failOn, from = "authoritative" } = options;
  const until = now() + timeout;
  let stage = from;
  for (;;) {
    const report = await look(stage);
    if (signal.aborted) return report;
    const step = stepAfter(report, { stage, failOn, from });
    if (step.kind === "stop") return report;
    if (step.kind === "next") {
      if (stage === "resolvers") return report;
      stage = "resolvers";
      continue;
    }
    const nextAt = now() + step.after;
    if (nextAt >= until) return { ...report, reason: "wait" };
    onAwait({ stage, findings: awaited(report, failOn), nextAt, until });
    stage = step.stage;
    await sleep(step.after);
    if (signal.aborted) return report;
  }
}

/** What a round leads to. */
export function stepAfter(
  report: VerifyReport,
  { stage, failOn, from = "authoritative" }: Pick<WaitOptions, "failOn" | "from"> & { readonly stage: WaitStage },
): Step {
  const open = awaited(report, failOn);
  if (open.length === 0) return { kind: "next" };
  // Unknown may pass by itself; of faults each has to be one that publishing or forgetting mends.
  if (open.some((finding) => !mayPass(finding))) return { kind: "stop" };
  // What no resolver has to forget is at the zone's own servers: they are looked at alone until it is mended.
  const remembered = stage === "resolvers" && open.every(({ retryAfter }) => retryAfter !== null);
  if (!remembered) {
    const unanswered = stage === "resolvers" && open.every(({ id }) => id.startsWith("resolver-"));
    return { kind: "again", stage: unanswered ? stage : from, after: INTERVAL };
  }
  const waits = open.map(({ retryAfter }) => Math.max(retryAfter!, 1) * 1000);
  return { kind: "again", stage, after: Math.min(...waits) };
}

/** What has to pass. That a resolver still has what was there before is a warning, and just what is waited for. */
const awaited = ({ findings }: VerifyReport, failOn: "fail" | "warn") =>
  findings.filter(
    ({ id, verdict }) =>
      verdict === "fail" ||
      verdict === "unknown" ||
      (verdict === "warn" && (failOn === "warn" || id === "resolver-stale")),
  );

const mayPass = ({ id, verdict }: VerifyFinding): boolean =>
  verdict === "unknown" || (catalogueEntry(id)?.passes ?? false);
