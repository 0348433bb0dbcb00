import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readLive, watchLive } from "../certificate/store/live";
import { formatServerAddress, type ServerAddress } from "../dns/resolver";
import type { Log } from "../gateway/log";
import { RENEWAL_CHILD } from "./certificate/kept-process";
import { CommandError } from "./context";

/** Sources that renew by themselves. */
export type RenewedSource = "acme" | "acm";

export const isRenewed = (source: string | undefined): source is RenewedSource => source === "acme" || source === "acm";

export interface RenewalOptions {
  /** The definition's file. */
  readonly definition: string;
  /** Where the certificate comes from: the verb that keeps it. */
  readonly source: RenewedSource;
  /** The certificate store. */
  readonly directory: string;
  /** Asked for zones and their name servers. Default: the system's. */
  readonly resolvers?: readonly ServerAddress[] | undefined;
  readonly log: Log;
}

/** Milliseconds after which a child that ended is started anew. */
const RESTART = 60_000;
const STOP_PATIENCE = 5_000;
/** The exit code of a command that was used wrongly: it would be again. */
const USED_WRONGLY = 2;

/**
 * The process that obtains and renews the certificate for `run`: `certificate acme --keep` (or `acm`) of the same definition. A
 * process of its own, for the gateway's loads no ACME, ASN.1 or AWS library; it ends when ours does, however that ends.
 */
export class Renewal {
  #child: ChildProcess;
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;
  #gaveUp: ((error: CommandError) => void) | undefined;

  private constructor(private readonly options: RenewalOptions) {
    this.#child = this.#spawn();
  }

  static start(options: RenewalOptions): Renewal {
    return new Renewal(options);
  }

  /**
   * Resolves when a certificate is live: at once, or when the first one has been obtained.
   * @throws CommandError where the options or the definition let none be obtained
   */
  async firstCertificate(signal: AbortSignal): Promise<void> {
    const { directory, log } = this.options;
    const isLive = () => existsSync(directory) && readLive(directory) !== undefined;
    if (isLive()) return;
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

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE);
    await gone;
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    const { definition, directory, source, resolvers = [], log } = this.options;
    const asked = source === "acme" ? resolvers : []; // ACM is not found by them
    const child = spawn(
      process.execPath,
      [
        join(__dirname, "main.js"),
        ...["certificate", source, definition, "--keep", "--store", directory],
        ...asked.flatMap((resolver) => ["--resolver", formatServerAddress(resolver)]),
      ],
      { stdio: ["ignore", "ignore", "inherit", "ipc"], env: { ...process.env, [RENEWAL_CHILD]: "1" } },
    );
    child.once("error", (error) => log.error("certificate-renewal-ended", { reason: error.message }));
    child.once("exit", (code, signal) => {
      if (this.#stopping) return;
      log.error("certificate-renewal-ended", { reason: signal ?? `exit code ${code}`, restartSeconds: RESTART / 1000 });
      if (code === USED_WRONGLY)
        this.#gaveUp?.(
          new CommandError(
            "the certificate cannot be obtained as the definition says",
            1,
            `see above, and what xmpp-edge certificate ${source} ${definition} says`,
          ),
        );
      this.#restart = setTimeout(() => {
        this.#child = this.#spawn();
      }, RESTART);
    });
    return child;
  }
}
