import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { GatewayDocument } from "../definition/facts/gateway-document";
import { stubResolver } from "../dns/resolver";
import { type RunningGateway, startGateway } from "../gateway/gateway";
import { createLog, type Log } from "../gateway/log";
import { DocumentError, readGatewayDocument } from "../gateway/read-document";
import { type CliContext, CommandError, UsageError } from "./context";
import { type CredentialSource, credentialSource } from "./run-credentials";
import { addRunOptions, type RunOptions, readSecret, readText } from "./run-options";
import { isRenewed, Renewal } from "./run-renewal";
import { systemAnchorsPem } from "./trust-anchors";

/** A shorter secret could be guessed: 128 bits as text. */
const LEAST_SECRET = 16;

export function register(program: Command, context: CliContext): void {
  addRunOptions(program.command("run"))
    .summary("run the gateway of a definition or document")
    .description(
      "Runs the gateway in the foreground. Prints one line of JSON when it serves; logs JSON lines to standard error.",
    )
    .argument("<definition>", "a definition (.ts, .json, .yaml) or a compiled gateway document (.json)")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge run edge.config.ts --certificate edge.pem --key edge.key --state /var/lib/xmpp-edge
  xmpp-edge run edge.config.ts --certificate-store contoso-certificates
  xmpp-edge run document.json --certificate edge.pem --key edge.key --listen 127.0.0.2:5269 \\
    --resolver 127.0.0.53:5353 --trust-anchors lab-ca.pem --allow-private-targets 127.0.0.0/8 --admin 127.0.0.1:0

Where the definition's certificate.source.kind is acme or acm and --certificate-store is given, the certificate is
obtained and renewed by itself, as "certificate acme --keep" or "certificate acm --keep" does it and with its
environment variables.

Not built yet: s3://BUCKET/KEY, direct TLS.
Exit codes: 0 stopped in order, 1 could not start, 2 used wrongly, 70 own fault, 130/143 interrupted.`,
    )
    .action(async (source: string, options: RunOptions) => run(source, options, context));
}

async function run(source: string, options: RunOptions, context: CliContext): Promise<void> {
  const { document, certificateSource } = await readSource(source, context);
  const { internal } = document;
  if (internal !== undefined && internal.kind !== "sandbox")
    throw new UsageError(
      `internal.kind ${internal.kind} is not built yet`,
      "use sandbox, or leave internal out: then nobody answers",
    );
  const secret =
    options.dialbackSecret === undefined ? undefined : readSecret(options.dialbackSecret, "--dialback-secret");
  if (secret !== undefined && secret.length < LEAST_SECRET)
    throw new UsageError(`the dialback secret has fewer than ${LEAST_SECRET} characters`, "use 32 random bytes in hex");
  const credentials = credentialSource(options);
  const trustAnchorsPem =
    options.trustAnchors === undefined ? systemAnchorsPem() : readText(options.trustAnchors, "--trust-anchors");
  const log = createLog((line) => process.stderr.write(line), options.logLevel, Date.now);
  const { certificateStore: directory } = options;
  const renewal =
    isRenewed(certificateSource) && directory !== undefined
      ? Renewal.start({ definition: source, source: certificateSource, directory, resolvers: options.resolver, log })
      : undefined;
  try {
    await renewal?.firstCertificate(context.signal);
    if (renewal !== undefined && context.signal.aborted) return;
    await serve(
      { document, options, credentials, trustAnchorsPem, log, ...(secret === undefined ? {} : { secret }) },
      context,
    );
  } finally {
    await renewal?.stop();
  }
}

interface Serving {
  readonly document: GatewayDocument;
  readonly options: RunOptions;
  readonly credentials: CredentialSource;
  readonly trustAnchorsPem: string;
  readonly secret?: string;
  readonly log: Log;
}

/** Serves until it is told to stop, or the state cannot be written. */
async function serve(
  { document, options, credentials, trustAnchorsPem, secret, log }: Serving,
  context: CliContext,
): Promise<void> {
  let broken: ((error: Error) => void) | undefined;
  const fault = new Promise<Error>((resolve) => {
    broken = resolve;
  });
  let gateway: RunningGateway | undefined;
  let changedMeanwhile = false;
  const reload = () => {
    if (gateway === undefined) changedMeanwhile = true;
    else gateway.reloadCertificates(credentials.read);
  };
  const watching = credentials.watch(reload);
  try {
    gateway = await startGateway({
      document,
      listen: options.listen ?? [{ address: "::", port: document.accessEdge.port }],
      credentials: credentials.read(),
      trustAnchorsPem,
      resolver: stubResolver(options.resolver === undefined ? {} : { servers: options.resolver }),
      stateDirectory: options.state,
      ...(secret === undefined ? {} : { dialbackSecret: secret }),
      admin: options.admin,
      allowPrivateTargets: options.allowPrivateTargets ?? [],
      log,
      now: Date.now,
      random: Math.random,
      randomBytes,
      onFault: (error) => broken?.(error),
    });
    if (changedMeanwhile) reload();
  } catch (error) {
    watching.close();
    // Everything that keeps a gateway from starting has a code and a remedy; the rest is our own fault.
    const { code, remedy, message } = error as { code?: string; remedy?: string; message: string };
    if (error instanceof CommandError || code === undefined || remedy === undefined) throw error;
    throw new CommandError(message, 1, remedy);
  }
  const admin = gateway.admin();
  const text = ({ address, port }: { address: string; port: number }) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  context.stdout(
    `${JSON.stringify({ ready: true, name: document.name, listening: gateway.listening.map(text), ...(admin === undefined ? {} : { admin: text(admin) }), pid: process.pid })}\n`,
  );
  const { signal } = context;
  const ended = await Promise.race([
    fault,
    new Promise<"stop">((resolve) =>
      signal.aborted ? resolve("stop") : signal.addEventListener("abort", () => resolve("stop"), { once: true }),
    ),
  ]);
  log.info("stopping", {});
  watching.close();
  await gateway.stop();
  if (ended !== "stop")
    throw new CommandError(
      `the state cannot be written: ${ended.message}`,
      1,
      "make room or mend the disk, and start again",
    );
}

/** What is run. */
interface Source {
  readonly document: GatewayDocument;
  /** Where the definition has its certificate from; a document does not say. */
  readonly certificateSource?: string;
}

/** A compiled document as it is, or a definition compiled by a child: this process loads no zod (memory). */
async function readSource(source: string, context: CliContext): Promise<Source> {
  if (source.startsWith("s3://")) throw new UsageError("s3:// is not built yet", "give a file");
  const written = source.endsWith(".json") ? compiled(source) : undefined;
  const { gateway, certificate } = written === undefined ? await compile(source, context) : { gateway: written };
  try {
    const document = readGatewayDocument(gateway);
    return certificate === undefined ? { document } : { document, certificateSource: certificate.source };
  } catch (error) {
    if (error instanceof DocumentError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
}

function compiled(file: string): unknown {
  if (!existsSync(file)) return undefined; // the loader says it with its own words
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const { format } = value as { format?: unknown };
    return format === undefined ? undefined : value;
  } catch {
    return undefined; // no JSON: the loader says where
  }
}

/** What `facts --json` prints, as far as it is used here. */
interface CompiledFacts {
  readonly gateway: unknown;
  readonly certificate?: { readonly source: string };
}

function compile(file: string, context: CliContext): Promise<CompiledFacts> {
  return new Promise((resolve, reject) => {
    const main = join(__dirname, "main.js");
    execFile(
      process.execPath,
      [main, "facts", file, "--json"],
      { maxBuffer: 1024 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) {
          context.stderr(stderr);
          resolve(JSON.parse(stdout) as CompiledFacts);
          return;
        }
        context.stderr(stderr);
        reject(new UsageError(`${file} is not a valid definition`, `see what xmpp-edge check ${file} says`));
      },
    );
  });
}
