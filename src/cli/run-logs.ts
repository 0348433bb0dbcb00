import type { ChildProcess } from "node:child_process";
import { hostname } from "node:os";
import type { GatewayPlace } from "../host/look-at-gateway";
import { isRunning, onceEnded, startOwnProcess } from "./run-child";

/** What the shipping process has to know of the gateway, to look at it as a partner would. */
export interface Serving {
  /** Name of the edge: the metrics' dimension. */
  readonly edge: string;
  /** Absent until the gateway serves. */
  readonly listening?: GatewayPlace;
  readonly admin?: GatewayPlace;
  /** A local domain. */
  readonly domain?: string;
}

export interface LogShippingOptions {
  readonly group: string;
  readonly stream?: string | undefined;
  /** Writes to our own standard error. */
  readonly write: (text: string) => void;
  /** ms between two lines of metrics. Default: a minute, which is what alarms count on. */
  readonly metricsInterval?: number | undefined;
}

/** Bytes that may wait in the pipe to the shipping process: it reads at once, unless the machine is out of breath. */
const PIPE = 1024 * 1024;
/** ms after which the shipping process is started anew: doubled each time, until one has lasted as long as the most. */
const RESTART = { least: 1_000, most: 60_000 } as const;
/** ms that the last lines have at the end. */
const LAST_LINES = 5_000;

/**
 * The log as it goes out: to standard error, and to a process that ships it to CloudWatch Logs with a line of metrics
 * each minute. It never holds the gateway up: what the process does not take is dropped and counted.
 */
export class LogShipping {
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #delay: number = RESTART.least;
  #stopping = false;
  #dropped = 0;
  #serving: Serving | undefined;

  constructor(
    private readonly options: LogShippingOptions,
    private readonly start = startOwnProcess,
  ) {
    this.#child = this.#spawn();
  }

  /** Takes whole lines, each with its end. */
  write(lines: string): void {
    this.options.write(lines);
    const input = this.#child?.stdin;
    if (input === undefined || input === null || !input.writable || input.writableLength > PIPE) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      input.write(ownLine("error", "log-lines-lost", { lines: this.#dropped }));
      this.#dropped = 0;
    }
    input.write(lines);
  }

  /** Tells where the gateway is, once it serves. */
  serving(serving: Serving): void {
    this.#serving = serving;
    if (this.#child?.connected) this.#child.send(serving, () => undefined);
  }

  /** Ships the last lines, for five seconds at most. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || !isRunning(child)) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), LAST_LINES);
    await gone;
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    const { group, stream = hostname(), metricsInterval } = this.options;
    const child = this.start(
      [
        ...["host", "ship-log", "--group", group, "--stream", stream],
        ...(metricsInterval === undefined ? [] : ["--interval", String(metricsInterval)]),
      ],
      { stdio: ["pipe", "ignore", "inherit", "ipc"] },
    );
    child.stdin?.on("error", () => undefined); // its end is told by `exit`
    const lasting = setTimeout(() => {
      this.#delay = RESTART.least;
    }, RESTART.most).unref();
    onceEnded(child, (reason) => {
      clearTimeout(lasting);
      this.#child = undefined;
      if (this.#stopping) return;
      this.options.write(ownLine("error", "log-shipping-ended", { reason, restartSeconds: this.#delay / 1000 }));
      this.#restart = setTimeout(() => {
        this.#child = this.#spawn();
      }, this.#delay);
      this.#restart.unref();
      this.#delay = Math.min(this.#delay * 2, RESTART.most);
    });
    if (this.#serving !== undefined && child.connected) child.send(this.#serving, () => undefined);
    return child;
  }
}

const ownLine = (level: string, event: string, fields: object) =>
  `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`;
