import { setTimeout as after } from "node:timers/promises";
import {
  type Awaited,
  authoritativeServers,
  PUBLIC_RESOLVERS,
  type VerifyOptions,
  type VerifyReport,
  type WaitStage,
  waitUntilPublished,
} from "../dns";
import type { CliContext } from "./context";
import type { VerifyFlags } from "./dns-verify-options";
import { printable } from "./output/printable";

type Servers = Pick<VerifyOptions, "resolvers" | "nameServers">;

/** Milliseconds to find the zones' name servers. */
const DELEGATION_TIMEOUT = 20_000;

/**
 * Waits until the records are published everywhere, and says on standard error what is awaited and until when.
 * Given name servers alone, they are everywhere.
 */
export async function waitFor(
  wait: number,
  run: { readonly zones: readonly string[]; once(servers: Servers): Promise<VerifyReport> },
  flags: VerifyFlags,
  context: CliContext,
): Promise<VerifyReport> {
  const { signal } = context;
  const resolvers = flags.resolver ?? (flags.nameServer === undefined ? PUBLIC_RESOLVERS : []);
  const ofZones = async () =>
    authoritativeServers(run.zones, {
      resolvers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(DELEGATION_TIMEOUT)]),
    });
  let first: VerifyReport | undefined;
  const look = async (stage: WaitStage): Promise<VerifyReport> => {
    if (stage === "resolvers")
      return resolvers.length === 0 && first ? first : run.once({ resolvers, nameServers: [] });
    // Asked anew each time: a delegation may be what is awaited.
    first = await run.once({ resolvers: [], nameServers: flags.nameServer ?? (await ofZones()) });
    return first;
  };
  return waitUntilPublished({
    look,
    timeout: wait * 1000,
    failOn: flags.failOn ?? "fail",
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
