import type { Command } from "commander";
import { type Definition, facts } from "../definition";
import { publication, publicationText, publishRecords } from "../dns";
import { type DnsHost, DnsHostError } from "../dns/host";
import { challengeHost, type HostChoice } from "./certificate/acme-host";
import { type CliContext, CommandError, UsageError } from "./context";
import { jsonText } from "./output/json";

interface PublishFlags extends HostChoice {
  readonly yes?: true;
  readonly json?: true;
  readonly replace?: readonly string[];
}

export function register(program: Command, context: CliContext): void {
  program
    .command("publish")
    .summary("publish the records of a definition where its dns says")
    .description(
      "Shows what it would change at the definition's DNS host, and with --yes does it. It adds what is declared and missing; records that the definition does not declare are never touched, and one of them at the same name and of the same type ends it unless --replace names its owner.",
    )
    .argument("<definition>", "the file with the definition")
    .option("--yes", "do it")
    .option(
      "--replace <owner>",
      "other records of a declared type at this name may go; may be repeated",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--zone-file <file>", "write them into this file of zone file lines, for $INCLUDE")
    .option("--hook <program>", "have this program make the change")
    .option("--manual", "print what a person is to do")
    .option("--tsig-key <file>", "the key for dns.kind rfc2136, instead of dns.tsigKeyFile")
    .option("--json", "print what is done as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns publish edge.config.ts
  xmpp-edge dns publish edge.config.ts --yes
  xmpp-edge dns publish edge.config.ts --zone-file edge.zone --yes

Exit codes: 0 everything is published, 1 refused, or (without --yes) something is still to be done, 2 used wrongly.`,
    )
    .action((file: string, flags: PublishFlags) => explained(() => publish(file, flags, context)));
}

async function publish(file: string, flags: PublishFlags, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const { host, readable } = await recordsHost(definition, flags, context);
  const { records } = facts(definition).dns;
  const progress = context.progress(`publishing at ${host.name}`);
  try {
    const planned = await publication(host, {
      records,
      domains: definition.domains.map(({ name }) => name),
      fqdn: definition.accessEdge.fqdn,
      takesOver: definition.accessEdge.takesOver,
      legacyGateway: definition.dns.legacyGateway,
      replace: flags.replace ?? [],
    });
    const refused = planned.refusals.length > 0;
    const pending = planned.add.length + planned.remove.length > 0;
    const done = flags.yes === true && !refused && pending;
    if (done) await publishRecords(host, planned, { readable });
    const state = refused ? "refused: nothing is changed" : stateText(done, pending);
    context.stdout(
      flags.json
        ? jsonText({ host: host.name, done, readable, ...planned })
        : `; ${host.name}: ${state}\n${readable ? "" : "; what is there cannot be read from here\n"}${publicationText(planned)}`,
    );
    context.exit(refused || (pending && !done) ? 1 : 0);
  } finally {
    progress.done();
  }
}

const stateText = (done: boolean, pending: boolean) =>
  done ? "done" : pending ? "this would be done with --yes" : "nothing to do";

async function recordsHost(
  { dns }: Pick<Definition, "dns">,
  flags: PublishFlags,
  context: CliContext,
): Promise<{ readonly host: DnsHost; readonly readable: boolean }> {
  const chosen = flags.manual ?? flags.hook ?? flags.zoneFile;
  if (dns.kind === "zone-file" && chosen === undefined)
    throw new UsageError(
      "the definition's dns.kind is zone-file: nothing says where the lines go",
      "give --zone-file FILE, --hook PROGRAM or --manual, or set dns.kind to route53 or rfc2136",
    );
  const wanted = dns.kind === "rfc2136" ? { dns, tsigKeyFile: dns.tsigKeyFile } : dns.kind === "route53" ? { dns } : {};
  const host = await challengeHost(wanted, flags, flags.json ? context.stderr : context.stdout);
  return { host, readable: flags.manual === undefined && flags.hook === undefined };
}

async function explained(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DnsHostError)) throw error;
    throw new CommandError(error.message, error.code === "dns-host-unreachable" ? 3 : 1, error.remedy);
  }
}
