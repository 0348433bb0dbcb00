import { type Command, InvalidArgumentError } from "commander";
import { parseRootHints, type VerifyOptions } from "../dns";
import { UsageError } from "./context";
import { dnssecAnchorsOf } from "./dnssec-anchor";
import { readText } from "./run-options";

/** How far the verification looks, and what it takes for granted. */
export interface ReachFlags {
  readonly viaResolversOnly?: true;
  readonly rootHints?: string;
  readonly dnssecAnchor?: string;
  readonly dnsPort?: number;
  readonly concurrency?: number;
}

const MOST_AT_ONCE = 4096;

export function addReachOptions(command: Command): Command {
  return addWalkOptions(
    command.option("--via-resolvers-only", "follow no delegation: for networks that let nobody ask name servers"),
  ).option(
    "--dnssec-anchor <file|record>",
    "trust these DS or DNSKEY records (a file, or the text of one) instead of the root's keys",
  );
}

/** How the delegation is followed. */
export function addWalkOptions(command: Command): Command {
  return command
    .option("--root-hints <file>", "begin at these root servers (a root hints file) instead of the public ones")
    .option("--dns-port <port>", "ask the name servers of the delegation at this port (default: 53)", whole(65_535))
    .option("--concurrency <number>", "questions on their way at once (default: 512)", whole(MOST_AT_ONCE));
}

type Reach = Pick<VerifyOptions, "via" | "roots" | "anchors" | "port" | "concurrency">;

/**
 * What the flags mean; reads the files that they name.
 * @throws UsageError
 */
export function reachOf(flags: ReachFlags & { readonly nameServer?: readonly unknown[] }): Reach {
  const { viaResolversOnly, rootHints, dnssecAnchor, dnsPort, concurrency } = flags;
  if (viaResolversOnly && flags.nameServer !== undefined)
    throw new UsageError("--via-resolvers-only and --name-server exclude each other");
  if (viaResolversOnly && rootHints !== undefined)
    throw new UsageError("--via-resolvers-only and --root-hints exclude each other");
  return {
    ...(viaResolversOnly && { via: "resolvers" }),
    ...(rootHints !== undefined && { roots: rootsOf(rootHints) }),
    ...(dnssecAnchor !== undefined && { anchors: dnssecAnchorsOf(dnssecAnchor) }),
    ...(dnsPort !== undefined && { port: dnsPort }),
    ...(concurrency !== undefined && { concurrency }),
  };
}

function rootsOf(file: string): NonNullable<Reach["roots"]> {
  const roots = parseRootHints(readText(file, "--root-hints"));
  if (roots.length > 0) return roots;
  throw new UsageError(
    `${file}: no root server's address is in it`,
    "give a root hints file, with lines such as `a.root-servers.net. 3600000 A 198.41.0.4`",
  );
}

function whole(most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
  };
}
