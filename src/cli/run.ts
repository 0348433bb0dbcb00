import { randomBytes } from "node:crypto";
import { isatty } from "node:tty";
import type { Command } from "commander";
import { systemAnchorsPem } from "../certificate/system-anchors";
import { stubResolver } from "../dns/resolver";
import { secureResolver } from "../dns/resolver/secure-resolver";
import { type RunningGateway, startGateway } from "../gateway/gateway";
import { createLog, type Log } from "../gateway/log";
import { type CliContext, CommandError, UsageError } from "./context";
import { dnssecAnchorsOf } from "./dnssec-anchor";
import { type CredentialSource, credentialSource } from "./run-credentials";
import { fileSource } from "./run-document-file";
import { DocumentFollower, type FirstDocument, firstDocument } from "./run-live";
import { LogShipping } from "./run-logs";
import { addRunOptions, type RunOptions, readSecret, readText } from "./run-options";
import { Renewal } from "./run-renewal";
import { RevocationWatch } from "./run-revocation";
import { s3Source } from "./run-s3";

/** A shorter secret could be guessed: 128 bits as text. */
const LEAST_SECRET = 16;

export function register(program: Command, context: CliContext): void {
  addRunOptions(program.command("run"))
    .summary("run the gateway of a definition or document")
    .description(
      "Runs the gateway in the foreground. Prints one line of JSON when it serves; logs JSON lines to standard error.",
    )
    .argument(
      "<definition>",
      "a definition (.ts, .json, .yaml), a compiled gateway document (.json), or s3://BUCKET/KEY",
    )
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge run edge.config.ts --certificate edge.pem --key edge.key --state /var/lib/xmpp-edge
  xmpp-edge run edge.config.ts --certificate-store contoso-certificates
  xmpp-edge run document.json --certificate edge.pem --key edge.key --listen 127.0.0.2:5269 \\
    --resolver 127.0.0.53:5353 --trust-anchors lab-ca.pem --allow-private-targets 127.0.0.0/8 --admin 127.0.0.1:0

A change of the file is taken up within two seconds, without dropping a stream that it does not concern; SIGHUP has it
read at once (not on a terminal), and the directory of --revocation-lists. A broken, foreign or older file is refused,
and what runs stays.

Where the definition's certificate.source.kind is acme or acm and --certificate-store is given, the certificate is
obtained and renewed by itself, as "certificate acme --keep" or "certificate acm --keep" does it and with its
environment variables.

Exit codes: 0 stopped in order, 1 could not start, 2 used wrongly, 70 own fault, 130/143 interrupted.`,
    )
    .action(async (source: string, options: RunOptions) => run(source, options, context));
}

async function run(file: string, options: RunOptions, context: CliContext): Promise<void> {
  const secret =
    options.dialbackSecret === undefined ? undefined : readSecret(options.dialbackSecret, "--dialback-secret");
  if (secret !== undefined && secret.length < LEAST_SECRET)
    throw new UsageError(`the dialback secret has fewer than ${LEAST_SECRET} characters`, "use 32 random bytes in hex");
  const credentials = credentialSource(options);
  const trustAnchorsPem =
    options.trustAnchors === undefined ? systemAnchorsPem() : readText(options.trustAnchors, "--trust-anchors");
  const shipping = logShipping(options);
  const write = (lines: string) => (shipping === undefined ? process.stderr.write(lines) : shipping.write(lines));
  const log = createLog(write, options.logLevel, Date.now);
  let follower: DocumentFollower | undefined;
  let renewal: Renewal | undefined;
  let revocation: RevocationWatch | undefined;
  // From here to the end: before it serves, whoever signals wants what is there by then, and not its end.
  const hangUp = onHangUp(() => {
    void follower?.look();
    void revocation?.look();
  });
  try {
    const source = file.startsWith("s3://") ? s3Source(file, log) : fileSource(file, context.stderr);
    follower = new DocumentFollower(source, options.state, log);
    const started = await firstDocument(source, options.state, log);
    const { document } = started.offer;
    shipping?.serving({ edge: document.name });
    const { certificateStore: directory } = options;
    if (directory !== undefined) {
      const definition = started.certificateSource === undefined ? {} : { definition: file };
      renewal = Renewal.start({ ...definition, directory, resolvers: options.resolver, log, write }, document);
    }
    await renewal?.firstCertificate(context.signal);
    if (renewal !== undefined && context.signal.aborted) return;
    revocation = await RevocationWatch.open(options.revocationLists, log);
    const running = { options, credentials, trustAnchorsPem, follower, renewal, revocation, shipping, secret, log };
    await serve(started, running, context);
  } finally {
    follower?.close();
    revocation?.close();
    await renewal?.stop();
    await shipping?.stop();
    hangUp.close();
  }
}

interface Running {
  readonly options: RunOptions;
  readonly credentials: CredentialSource;
  readonly trustAnchorsPem: string;
  readonly follower: DocumentFollower;
  readonly renewal: Renewal | undefined;
  readonly revocation: RevocationWatch | undefined;
  readonly shipping: LogShipping | undefined;
  readonly secret: string | undefined;
  readonly log: Log;
}

function logShipping({ logGroup, logStream, metricsInterval }: RunOptions): LogShipping | undefined {
  if (logGroup === undefined) return undefined;
  return new LogShipping({
    group: logGroup,
    stream: logStream,
    metricsInterval: metricsInterval === undefined ? undefined : metricsInterval * 1000,
    write: (text) => process.stderr.write(text),
  });
}

/** Serves until it is told to stop, or the state cannot be written. */
async function serve(
  started: FirstDocument,
  { options, credentials, trustAnchorsPem, follower, renewal, revocation, shipping, secret, log }: Running,
  context: CliContext,
): Promise<void> {
  const { document, ...origin } = started.offer;
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
      origin,
      ...(started.previous === undefined ? {} : { previous: started.previous }),
      listen: options.listen ?? [{ address: "::", port: document.accessEdge.port }],
      ...(options.listenDirectTls === undefined ? {} : { listenDirectTls: options.listenDirectTls }),
      ...(options.listenInside === undefined ? {} : { listenInside: options.listenInside }),
      credentials: credentials.read(),
      trustAnchorsPem,
      ...(revocation && { revocationLists: revocation.lists }),
      ...resolversOf(options),
      stateDirectory: options.state,
      ...(secret === undefined ? {} : { dialbackSecret: secret }),
      admin: options.admin,
      allowPrivateTargets: options.allowPrivateTargets ?? [],
      unlimitedFrom: options.unlimitedFrom ?? [],
      log,
      now: Date.now,
      random: Math.random,
      randomBytes,
      onFault: (error) => broken?.(error),
    });
    if (changedMeanwhile) reload();
    const serving = gateway;
    revocation?.follow(() => serving.reviewCertificates());
  } catch (error) {
    watching.close();
    // Everything that keeps a gateway from starting has a code and a remedy; the rest is our own fault.
    const { code, remedy, message } = error as { code?: string; remedy?: string; message: string };
    if (error instanceof CommandError || code === undefined || remedy === undefined) throw error;
    throw new CommandError(message, 1, remedy);
  }
  const admin = gateway.admin();
  const [listening] = gateway.listening;
  const [domain] = document.localDomains;
  shipping?.serving({
    edge: document.name,
    ...(listening === undefined ? {} : { listening }),
    ...(domain === undefined ? {} : { domain }),
    ...(admin === undefined ? {} : { admin: { address: admin.address, port: admin.port } }),
  });
  const { signal } = context;
  void follower.follow(gateway, started, (document) => renewal?.follow(document));
  const text = ({ address, port }: { address: string; port: number }) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  context.stdout(
    `${JSON.stringify({ ready: true, name: document.name, listening: gateway.listening.map(text), ...(gateway.listeningDirectTls.length === 0 ? {} : { listeningDirectTls: gateway.listeningDirectTls.map(text) }), ...(gateway.listeningInside.length === 0 ? {} : { listeningInside: gateway.listeningInside.map(text) }), ...(admin === undefined ? {} : { admin: text(admin) }), pid: process.pid })}\n`,
  );
  const ended = await Promise.race([
    fault,
    new Promise<"stop">((resolve) =>
      signal.aborted ? resolve("stop") : signal.addEventListener("abort", () => resolve("stop"), { once: true }),
    ),
  ]);
  log.info("stopping", {});
  follower.close();
  watching.close();
  await gateway.stop();
  if (ended !== "stop")
    throw new CommandError(
      `the state cannot be written: ${ended.message}`,
      1,
      "make room or mend the disk, and start again",
    );
}

function resolversOf({ resolver, dnssecAnchor }: RunOptions) {
  const servers = resolver === undefined ? {} : { servers: resolver };
  const anchors = dnssecAnchor === undefined ? {} : { anchors: dnssecAnchorsOf(dnssecAnchor) };
  return { resolver: stubResolver(servers), secureResolver: secureResolver({ ...servers, ...anchors }) };
}

/** SIGHUP has the document read at once, as daemons have it; on a terminal it still means that the terminal has gone. */
function onHangUp(listener: () => void): { close(): void } {
  if (isatty(0)) return { close() {} };
  process.on("SIGHUP", listener);
  return { close: () => void process.off("SIGHUP", listener) };
}
