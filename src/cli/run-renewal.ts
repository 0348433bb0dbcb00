import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { readLive, watchLive } from "../certificate/store/live";
import type { GatewayDocument } from "../definition/facts/gateway-document";
import { formatServerAddress, type ServerAddress } from "../dns/resolver";
import type { Log } from "../gateway/log";
import { RENEWAL_CHILD } from "./certificate/kept-process";
import { CommandError } from "./context";
import { isRunning, onceEnded, startOwnProcess } from "./run-child";

export interface RenewalOptions {
  /** The definition's file; left out where what is run is a compiled document. */
  readonly definition?: string;
  /** The certificate store. */
  readonly directory: string;
  /** Asked for zones and their name servers. Default: the system's. */
  readonly resolvers?: readonly ServerAddress[] | undefined;
  readonly log: Log;
  /** Takes the renewing process's log, whole lines. */
  readonly write: (lines: string) => void;
}

/** Milliseconds after which a child that ended is started anew. */
const RESTART = 60_000;
const STOP_PATIENCE = 5_000;
/** The exit code of a command that was used wrongly: it would be again. */
const USED_WRONGLY = 2;

/**
 * The process that obtains and renews the certificate for `run`: `certificate acme --keep` (or `acm`) of what is run. A
 * process of its own, for the gateway's loads no ACME, ASN.1 or AWS library; it ends when ours does, however that ends.
 */
export class Renewal {
  #document: GatewayDocument;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;
  #gaveUp: ((error: CommandError) => void) | undefined;

  private constructor(
    private readonly options: RenewalOptions,
    document: GatewayDocument,
  ) {
    this.#document = document;
    this.#child = this.#spawn();
  }

  static start(options: RenewalOptions, document: GatewayDocument): Renewal {
    return new Renewal(options, document);
  }

  /** Whether the document says how its certificate is obtained. */
  get isDue(): boolean {
    return this.#document.certificate !== undefined;
  }

  /**
   * Resolves when a certificate is live: at once, or when the first one has been obtained.
   * @throws CommandError where the options or the definition let none be obtained
   */
  async firstCertificate(signal: AbortSignal): Promise<void> {
    const { directory, log } = this.options;
    const isLive = () => existsSync(directory) && readLive(directory) !== undefined;
    if (!this.isDue || isLive()) return;
    log.info("waiting-for-certificate", { store: directory });
    let watching: { close(): void } | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#gaveUp = reject;
        signal.addEventListener("abort", () => resolve(), { once: true });
        watching = watchLive(directory, () => {
          if (isLive()) resolve();
        });
        if (signal.aborted || isLive()) resolve();
      });
    } finally {
      this.#gaveUp = undefined;
      watching?.close();
    }
  }

  /** Goes on with another document: the process starts anew where it asks for another certificate, or from elsewhere. */
  follow(document: GatewayDocument): void {
    const before = this.#document.certificate;
    this.#document = document;
    if (this.#stopping || isDeepStrictEqual(before, document.certificate)) return;
    this.options.log.info("certificate-wanted", {
      source: document.certificate?.source ?? "nowhere",
      names: document.certificate?.names ?? [],
    });
    clearTimeout(this.#restart);
    if (this.#child === undefined) this.#child = this.#spawn();
    else void end(this.#child); // the next one starts when it has let go of the store
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#child !== undefined) await end(this.#child);
  }

  #spawn(): ChildProcess | undefined {
    const { definition = "-", directory, resolvers = [], write } = this.options;
    const { certificate } = this.#document;
    if (certificate === undefined) return undefined;
    const { source } = certificate;
    const asked = source === "acme" ? resolvers : []; // ACM is not found by them
    const child = startOwnProcess(
      [
        ...["certificate", source, definition, "--keep", "--store", directory],
        ...asked.flatMap((resolver) => ["--resolver", formatServerAddress(resolver)]),
      ],
      { stdio: ["pipe", "ignore", "pipe", "ipc"], env: { ...process.env, [RENEWAL_CHILD]: "1" } },
    );
    if (child.stderr) createInterface(child.stderr).on("line", (line) => write(`${line}\n`));
    child.stdin?.on("error", () => undefined); // its end is told by `exit`
    child.stdin?.end(definition === "-" ? JSON.stringify(withoutPeople(this.#document)) : "");
    onceEnded(child, (reason, code) => this.#ended(certificate, reason, code));
    return child;
  }

  #ended(ran: GatewayDocument["certificate"], reason: string, code: number | null): void {
    this.#child = undefined;
    if (this.#stopping) return;
    if (!isDeepStrictEqual(ran, this.#document.certificate)) {
      this.#child = this.#spawn();
      return;
    }
    const { log, definition } = this.options;
    log.error("certificate-renewal-ended", { reason, restartSeconds: RESTART / 1000 });
    if (code === USED_WRONGLY)
      this.#gaveUp?.(
        new CommandError(
          "the certificate cannot be obtained as the definition says",
          1,
          `see above, and what xmpp-edge certificate ${ran?.source} ${definition ?? "<document>"} says`,
        ),
      );
    this.#restart = setTimeout(() => {
      this.#child = this.#spawn();
    }, RESTART);
  }
}

/** Ends a process in order; after a while, anyhow. */
async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE);
  await gone;
  clearTimeout(timer);
}

/** What a certificate is obtained for: the rest of the document is none of that process's business. */
function withoutPeople(document: GatewayDocument): GatewayDocument {
  const { internal: _, ...rest } = document;
  return { ...rest, partners: [], access: { ...document.access, users: [] } };
}
