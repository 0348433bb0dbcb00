import { type Command, InvalidArgumentError } from "commander";
import { facts } from "../definition";
import {
  type NameServer,
  parseNameServer,
  parseServerAddress,
  type ServerAddress,
  type Verdict,
  verifyDns,
  verifyText,
} from "../dns";
import type { CliContext } from "./context";
import { jsonText } from "./output/json";

interface VerifyFlags {
  readonly resolver?: readonly ServerAddress[];
  readonly nameServer?: readonly NameServer[];
  readonly timeout: number;
  readonly json?: true;
}

const EXIT_CODES: Readonly<Record<Verdict, number>> = { pass: 0, warn: 0, fail: 1, unknown: 3 };
const LONGEST_RUN = 3600;

export function register(program: Command, context: CliContext): void {
  program
    .command("verify")
    .summary("compare what the servers answer with the definition")
    .description(
      "Asks DNS servers for the SRV record of every local domain and the addresses of the Access Edge, and compares the answers with the definition. Without --resolver and --name-server it asks 1.1.1.1, 8.8.8.8 and 9.9.9.9.",
    )
    .argument("<definition>", "the file with the definition")
    .option(
      "--resolver <address[:port]>",
      "ask this resolver instead of the public ones; may be repeated",
      repeated(parseServerAddress, "Give an address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353."),
    )
    .option(
      "--name-server <[zone=]address[:port]>",
      "ask this name server itself, about one zone or all names; may be repeated",
      repeated(parseNameServer, "Give an address or ZONE=ADDRESS, such as contoso.example=192.0.2.53:5353."),
    )
    .option("--timeout <seconds>", "seconds for the whole run", seconds, 20)
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns verify edge.config.ts
  xmpp-edge dns verify edge.config.ts --resolver 192.0.2.53 --timeout 5
  xmpp-edge dns verify edge.config.ts --name-server contoso.example=192.0.2.53 --json

Exit codes: 0 as defined (warnings allowed), 1 something differs, 3 something could not be found out.`,
    )
    .action(async (file: string, flags: VerifyFlags) => {
      const definition = await context.load(file);
      const { legacyGateway } = definition.dns;
      const progress = context.progress("asking the DNS servers");
      const report = await verifyDns({
        facts: facts(definition),
        ...(flags.resolver && { resolvers: flags.resolver }),
        ...(flags.nameServer && { nameServers: flags.nameServer }),
        ...(legacyGateway !== undefined && { declaredTargets: [legacyGateway] }),
        takesOver: definition.accessEdge.takesOver,
        timeout: flags.timeout,
        signal: context.signal,
      }).finally(() => progress.done());
      context.stdout(flags.json ? jsonText(report) : verifyText(report, { colour: context.colour }));
      context.exit(EXIT_CODES[report.verdict]);
    });
}

/** Reads an option that may be given several times. */
function repeated<T>(parse: (text: string) => T | undefined, usage: string) {
  return (text: string, before: readonly T[] = []): readonly T[] => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(usage);
    return [...before, value];
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= LONGEST_RUN) return value;
  throw new InvalidArgumentError(`Give seconds, more than 0 and at most ${LONGEST_RUN}.`);
}
