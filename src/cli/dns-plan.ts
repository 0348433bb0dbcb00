import type { Command } from "commander";
import { facts } from "../definition";
import { changePlanText, planRecords } from "../dns";
import type { CliContext } from "./context";
import { addWalkOptions, type ReachFlags, reachOf } from "./dns-reach-options";
import { addNameServerOptions, type VerifyFlags } from "./dns-verify-options";
import { jsonText } from "./output/json";

type PlanFlags = Pick<VerifyFlags, "nameServer" | "timeout" | "json"> &
  Pick<ReachFlags, "rootHints" | "dnsPort" | "concurrency">;

export function register(program: Command, context: CliContext): void {
  addWalkOptions(
    addNameServerOptions(
      program
        .command("plan")
        .summary("the safe order and times of a change, from the TTLs that are published")
        .description(
          "Says in which order to change the published records into the declared ones, and how long to wait in between: shorten what resolvers remember, publish addresses, lead partners there, remove the old gateway, have it remembered again. Asks the zones' own name servers alone, and changes nothing.",
        )
        .argument("<definition>", "the file with the definition"),
    ),
  )
    .option("--json", "print the plan as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns plan edge.config.ts
  xmpp-edge dns plan edge.config.ts --name-server 192.0.2.53 --json

Exit codes: 0 the plan is whole (it may be empty), 2 used wrongly, 3 something could not be found out.`,
    )
    .action((file: string, flags: PlanFlags) => plan(file, flags, context));
}

async function plan(file: string, flags: PlanFlags, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const { roots, port, concurrency } = reachOf(flags);
  const { legacyGateway } = definition.dns;
  const progress = context.progress("asking the name servers");
  const planned = await planRecords({
    records: facts(definition).dns.records,
    legacyGateway,
    ...(flags.nameServer !== undefined && { nameServers: flags.nameServer }),
    ...(roots !== undefined && { roots }),
    ...(port !== undefined && { port }),
    ...(concurrency !== undefined && { concurrency }),
    timeout: flags.timeout,
    signal: context.signal,
  }).finally(() => progress.done());
  context.stdout(flags.json ? jsonText(planned) : changePlanText(planned));
  context.exit(planned.unknown.length > 0 ? 3 : 0);
}
