import { setTimeout as after } from "node:timers/promises";
import { type Awaited, type VerifyReport, type WaitStage, waitUntilPublished } from "../dns";
import type { CliContext } from "./context";
import type { PreparedRun } from "./dns-verify";
import type { VerifyFlags } from "./dns-verify-options";
import { printable } from "./output/printable";

/**
 * Waits until the records are published everywhere, and says on standard error what is awaited and until when.
 * Given name servers alone, they are everywhere.
 */
export async function waitFor(
  wait: number,
  run: Pick<PreparedRun, "once">,
  flags: VerifyFlags,
  context: CliContext,
): Promise<VerifyReport> {
  const { signal } = context;
  const hasResolvers = flags.resolver !== undefined || flags.nameServer === undefined;
  let first: VerifyReport | undefined;
  const look = async (stage: WaitStage): Promise<VerifyReport> => {
    if (stage === "resolvers") return !hasResolvers && first ? first : run.once({});
    first = await run.once({ resolvers: [] });
    return first;
  };
  return waitUntilPublished({
    look,
    timeout: wait * 1000,
    failOn: flags.failOn ?? "fail",
    // Nobody but resolvers can be asked there, so nothing keeps them from being asked too early.
    from: flags.viaResolversOnly ? "resolvers" : "authoritative",
    now: Date.now,
    sleep: (milliseconds) => after(milliseconds, undefined, { signal }).catch(() => undefined),
    onAwait: (awaited) => context.stderr(`${awaitedText(awaited)}\n`),
    signal,
  });
}

function awaitedText({ stage, findings, nextAt, until }: Awaited): string {
  const [first] = findings;
  const what = first === undefined ? "" : `${first.domain ?? first.server} ${first.id}, found ${first.found}`;
  const more = findings.length > 1 ? ` and ${findings.length - 1} more` : "";
  const who = stage === "authoritative" ? "the zones' servers" : "resolvers";
  const [next, end] = [nextAt, until].map((time) => new Date(time).toISOString().slice(11, 19));
  return printable(`waiting for ${who}: ${what}${more}; next look ${next} UTC, until ${end} UTC`, 500);
}
