import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Command, InvalidArgumentError } from "commander";
import { connectionFindings } from "../../certificate/check/connection-findings";
import { inspectChain } from "../../certificate/check/inspect-chain";
import { type CertificateSubject, certificateReport, NOTHING_SEEN, subjectOf } from "../../certificate/check/report";
import { certificateText } from "../../certificate/check/text";
import { certificatesOfPem } from "../../certificate/pem";
import { httpListSource, type ListSource } from "../../certificate/revocation/list-source";
import { readLive } from "../../certificate/store/live";
import { StoreError } from "../../certificate/store/store-error";
import type { TrustStore } from "../../certificate/trust-store";
import { certificateNames, type Definition, facts } from "../../definition";
import { parseServerAddress, type ServerAddress, type Verdict } from "../../dns";
import { probe } from "../../dns/probe";
import type { TrustAnchor } from "../../dns/resolver/dnssec/trust-chain";
import { type CliContext, CommandError, UsageError } from "../context";
import { dnssecAnchorsOf } from "../dnssec-anchor";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { range, readSecret } from "../run-options";
import { trustAnchorsOf } from "../trust-anchors";
import { checkPartners } from "./check-partners";

interface CheckFlags {
  readonly file?: string;
  readonly connect?: HostPort;
  readonly domain?: string;
  readonly partners?: true;
  readonly store?: string;
  readonly keyPassphraseFile?: string;
  readonly trustAnchors?: string;
  readonly resolver?: readonly ServerAddress[];
  readonly dnssecAnchor?: string;
  readonly allowPrivateTargets?: readonly string[];
  readonly revocation: boolean;
  readonly timeout: number;
  readonly json?: true;
}

interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What every way of checking uses. */
export interface CheckSurroundings {
  readonly definition: Definition;
  readonly trust: TrustStore;
  readonly lists: ListSource | undefined;
  /** What a probe shows: our live certificate, or none. */
  readonly secureContext: SecureContext | undefined;
  /** Milliseconds for one connection. */
  readonly timeout: number;
  readonly resolver: readonly ServerAddress[] | undefined;
  /** For partners proved by TLSA records; undefined: the root's keys. */
  readonly dnssecAnchors: readonly TrustAnchor[] | undefined;
  readonly allowedTargets: readonly string[];
  readonly signal: AbortSignal;
}

const EXIT_CODES: Readonly<Record<Verdict, number>> = { pass: 0, warn: 0, fail: 1, unknown: 3 };
const S2S_PORT = 5269;
/** A chain is some kilobytes; this is what a file may have. */
const MAXIMUM_FILE_BYTES = 1024 * 1024;
/** Addresses of one host that are looked at. */
const MAXIMUM_ADDRESSES = 4;

export function register(program: Command, context: CliContext): void {
  program
    .command("check")
    .summary("check a certificate: a file, a live port, or those of all partners")
    .description(
      "Looks at a certificate as partners will: chain, names, days left, revocation (the CA's lists, a stapled OCSP response), and what its uses mean for SASL EXTERNAL with Prosody and ejabberd.",
    )
    .argument("<definition>", "the file with the definition")
    .option("--file <file>", "check this certificate (PEM with its chain, or DER) against the definition's names")
    .option("--connect <host[:port]>", "check what answers there, port 5269 by default", hostPort)
    .option("--domain <domain>", "the domain to ask for at --connect (default: every local domain)")
    .option("--partners", "check every partner's servers, found as the gateway finds them")
    .option("--store <directory>", "show the store's live certificate to whom we connect; alone: check that one")
    .option("--key-passphrase-file <file>", "a file whose first line opens the store's key")
    .option("--trust-anchors <file>", "CA certificates in PEM that chains must lead to (default: the system's)")
    .option(
      "--resolver <address[:port]>",
      "ask this DNS resolver for partners' servers; may be repeated (default: the system's)",
      resolvers,
    )
    .option(
      "--dnssec-anchor <file|record>",
      "trust these DS or DNSKEY records instead of the root's keys, for partners proved by TLSA records",
    )
    .option(
      "--allow-private-targets <cidr>",
      "address range that may be asked although it is not global; may be repeated",
      (text: string, before: readonly string[] = []) => [...before, range(text)],
    )
    .option("--no-revocation", "do not look whether it is revoked: fetches no list")
    .option("--timeout <seconds>", "seconds for one connection or list", seconds, 10)
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge certificate check edge.config.ts --file edge.pem
  xmpp-edge certificate check edge.config.ts --connect 198.51.100.7
  xmpp-edge certificate check edge.config.ts --connect xmpp.fabrikam.example --domain fabrikam.example
  xmpp-edge certificate check edge.config.ts --partners --store certificates --json

An OCSP responder is never asked: what a server staples is read, and lists are fetched over HTTP.
Exit codes: 0 sound (warnings allowed), 1 something is wrong, 3 something could not be found out.`,
    )
    .action((file: string, flags: CheckFlags) => check(file, flags, context));
}

async function check(file: string, flags: CheckFlags, context: CliContext): Promise<void> {
  const ways = [flags.file, flags.connect, flags.partners].filter((way) => way !== undefined);
  if (ways.length > 1 || (ways.length === 0 && flags.store === undefined))
    throw new UsageError(
      ways.length > 1 ? "more than one thing to check is given" : "nothing to check is given",
      "give one of --file, --connect and --partners, or --store alone",
    );
  if (flags.domain !== undefined && flags.connect === undefined)
    throw new UsageError(
      "--domain is given without --connect",
      "give --connect HOST[:PORT] too, or leave --domain out",
    );
  const definition = await context.load(file);
  const timeout = flags.timeout * 1000;
  const allowedTargets = flags.allowPrivateTargets ?? [];
  const surroundings: CheckSurroundings = {
    definition,
    trust: trustAnchorsOf(flags.trustAnchors),
    lists: flags.revocation ? httpListSource({ timeout, allowedTargets }) : undefined,
    secureContext: flags.store === undefined || ways.length === 0 ? undefined : liveContext(flags.store, flags),
    timeout,
    resolver: flags.resolver,
    dnssecAnchors: flags.dnssecAnchor === undefined ? undefined : dnssecAnchorsOf(flags.dnssecAnchor),
    allowedTargets,
    signal: context.signal,
  };
  const progress = context.progress("looking at the certificates");
  const subjects = await subjectsOf(flags, surroundings).finally(() => progress.done());
  const report = certificateReport(subjects);
  context.stdout(flags.json ? jsonText(report) : certificateText(report, { colour: context.colour, printable }));
  context.exit(EXIT_CODES[report.verdict]);
}

async function subjectsOf(flags: CheckFlags, surroundings: CheckSurroundings): Promise<CertificateSubject[]> {
  if (flags.partners) return checkPartners(surroundings);
  if (flags.connect !== undefined) return checkPort(flags.connect, flags.domain, surroundings);
  const [subject, chain] =
    flags.file !== undefined
      ? [`file ${flags.file}`, readChain(flags.file)]
      : [`live certificate of ${flags.store}`, certificatesOfPem(live(flags.store ?? "").certificatePem)];
  return [await checkChain(subject, chain, surroundings)];
}

async function checkChain(
  subject: string,
  chain: readonly Buffer[],
  { definition, trust, lists, signal }: CheckSurroundings,
): Promise<CertificateSubject> {
  const domains = definition.domains.map(({ name }) => name);
  const names = certificateNames(definition)
    .names.map(({ name }) => name)
    .filter((name) => !domains.includes(name));
  const now = new Date();
  return subjectOf(
    subject,
    await inspectChain({ chain, domains, names, trust, now, live: false, signal, ...(lists && { lists }) }),
  );
}

async function checkPort(
  { host, port }: HostPort,
  domain: string | undefined,
  surroundings: CheckSurroundings,
): Promise<CertificateSubject[]> {
  const { definition } = surroundings;
  const local = facts(definition).probes.map((one) => one.domain);
  const addresses = await addressesOf(host);
  const asked = (domain === undefined ? local : [domain]).flatMap((one) =>
    addresses.map((address) => ({ domain: one, address })),
  );
  const subjects: CertificateSubject[] = [];
  const silent = new Set<string>();
  // One after the other: a gateway of ours takes few strangers from one address at once.
  for (const { domain, address } of asked) {
    if (silent.has(address)) continue; // it does not answer for one domain and would not for the next
    // To one of our own domains we are a stranger; to another's we are ourselves.
    const from = local.includes(domain) ? undefined : local[0];
    const found = await checkServer({ domain, address, port, ...(from !== undefined && { from }) }, surroundings);
    if (found.connection?.reached === "none") silent.add(address);
    subjects.push(found);
  }
  return subjects;
}

async function checkServer(
  target: { readonly domain: string; readonly address: string; readonly port: number; readonly from?: string },
  { timeout, signal, secureContext, trust, lists }: CheckSurroundings,
): Promise<CertificateSubject> {
  const found = await probe(target, { timeout, signal, ...(secureContext && { secureContext }) });
  const name = `${target.domain} at ${target.address.includes(":") ? `[${target.address}]` : target.address}:${target.port}`;
  const findings = connectionFindings(found, { plainAllowed: false });
  const { tls } = found;
  if (tls === undefined) return subjectOf(name, NOTHING_SEEN, { probe: found, findings });
  const inspection = await inspectChain({
    chain: tls.chain,
    domains: [target.domain],
    trust,
    now: new Date(),
    live: true,
    signal,
    ...(lists && { lists }),
    ...(tls.stapled && { stapled: tls.stapled }),
  });
  return subjectOf(name, inspection, { probe: found, findings });
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch((error: NodeJS.ErrnoException): LookupAddress[] => {
    throw new CommandError(`${host} could not be looked up: ${error.code ?? error.message}`, 3, "give an address");
  });
  return found.slice(0, MAXIMUM_ADDRESSES).map(({ address }) => address);
}

function readChain(file: string): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} (--file) cannot be read: ${code ?? "unreadable"}`, "give a readable file by --file");
  }
  if (bytes.length > MAXIMUM_FILE_BYTES)
    throw new UsageError(`${file} has ${bytes.length} bytes`, "give a certificate and its chain, no more");
  const blocks = certificatesOfPem(bytes.toString("latin1"));
  return blocks.length > 0 ? blocks : [bytes];
}

function live(directory: string) {
  try {
    const pair = readLive(directory);
    if (pair !== undefined) return pair;
  } catch (error) {
    if (error instanceof StoreError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
  throw new UsageError(`no certificate is live in ${directory}`, "make one live by xmpp-edge certificate assign");
}

function liveContext(directory: string, { keyPassphraseFile }: CheckFlags): SecureContext {
  const { certificatePem, keyPem } = live(directory);
  const passphrase =
    keyPassphraseFile === undefined ? {} : { passphrase: readSecret(keyPassphraseFile, "--key-passphrase-file") };
  try {
    return createSecureContext({ cert: certificatePem, key: keyPem, ca: [], minVersion: "TLSv1.2", ...passphrase });
  } catch (error) {
    throw new UsageError(
      `the live certificate of ${directory} cannot be shown: ${(error as Error).message}`,
      "give the key's passphrase by --key-passphrase-file, or leave --store out",
    );
  }
}

function hostPort(text: string): HostPort {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? S2S_PORT) > 65_535)
    throw new InvalidArgumentError("Give a host and a port, such as xmpp.contoso.example:5269 or [2001:db8::7].");
  return { host, port: Number(port ?? S2S_PORT) };
}

function resolvers(text: string, before: readonly ServerAddress[] = []): readonly ServerAddress[] {
  const address = parseServerAddress(text);
  if (address === undefined)
    throw new InvalidArgumentError("Give an address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353.");
  return [...before, address];
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 600) return value;
  throw new InvalidArgumentError("Give seconds, more than 0 and at most 600.");
}
