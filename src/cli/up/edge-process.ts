import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readFileSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CommandError } from "../context";

/** What `run` prints when it serves. */
interface ReadyLine {
  readonly ready: true;
  readonly listening: readonly string[];
  readonly admin: string;
}

export interface EdgeProcessOptions {
  readonly name: string;
  /** Holds the document, the certificate, the state and the log of this edge. */
  readonly directory: string;
  readonly documentFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly trustAnchorsFile: string;
  readonly listen: string;
  readonly resolver: string;
}

const READY_MS = 20_000;
const STOP_MS = 15_000;

/** A gateway as `xmpp-edge run` starts it, in a process of its own. */
export class EdgeProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  readonly #exited: Promise<number | string>;
  readonly #directory: string;
  #lastLines: string[] = [];
  #ready: ReadyLine | undefined;

  private constructor(options: EdgeProcessOptions) {
    this.name = options.name;
    this.#directory = options.directory;
    this.#log = createWriteStream(join(options.directory, "log.jsonl"), { mode: 0o600 });
    this.#child = spawn(
      process.execPath,
      [
        join(__dirname, "..", "main.js"),
        "run",
        options.documentFile,
        ...["--listen", options.listen, "--certificate", options.certificateFile, "--key", options.keyFile],
        ...["--trust-anchors", options.trustAnchorsFile, "--resolver", options.resolver],
        ...[
          "--state",
          join(options.directory, "state"),
          "--admin",
          "127.0.0.1:0",
          "--allow-private-targets",
          "127.0.0.0/8",
        ],
      ],
      // A session of its own: an interrupt from the terminal reaches us, and we stop it in order.
      { stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    this.#exited = new Promise((resolve) =>
      this.#child.once("exit", (code, signal) => resolve(code ?? signal ?? "gone")),
    );
    createInterface({ input: this.#child.stderr! }).on("line", (line) => {
      this.#lastLines = [...this.#lastLines.slice(-9), line];
      this.#log.write(`${line}\n`);
    });
  }

  /** Starts it and waits until it serves. */
  static async start(options: EdgeProcessOptions): Promise<EdgeProcess> {
    const edge = new EdgeProcess(options);
    const timer = { handle: undefined as NodeJS.Timeout | undefined };
    const outcome = await Promise.race([
      new Promise<ReadyLine>((resolve) => {
        createInterface({ input: edge.#child.stdout! }).once("line", (line) => resolve(JSON.parse(line) as ReadyLine));
      }),
      edge.#exited,
      new Promise<"late">((resolve) => {
        timer.handle = setTimeout(() => resolve("late"), READY_MS);
      }),
    ]);
    clearTimeout(timer.handle);
    if (typeof outcome === "object") {
      edge.#ready = outcome;
      return edge;
    }
    edge.#child.kill("SIGKILL");
    throw new CommandError(
      `the gateway ${options.name} did not start (${outcome === "late" ? `not ready within ${READY_MS / 1000} s` : `exit ${outcome}`}):\n${edge.#lastLines.join("\n")}`,
      1,
      "mend what it says and try again",
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
  get listening(): readonly string[] {
    return this.#ready?.listening ?? [];
  }
  /** Base of the admin port's URLs. */
  get adminUrl(): string {
    return `http://${this.#ready?.admin}`;
  }
  /** The sandbox API's token. */
  get token(): string {
    return readFileSync(join(this.#directory, "state", "sandbox.token"), "utf8").trim();
  }

  /** Stops it in order; resolves with how it ended. */
  async stop(): Promise<number | string> {
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    const ended = await this.#exited;
    clearTimeout(killer);
    this.#log.end();
    return ended;
  }
}
