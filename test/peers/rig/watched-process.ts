import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { PATIENCE } from "./patience";
import { PeerRigError } from "./peer-error";
import { tellOnFailure, type Witness } from "./told-on-failure";

export interface LogWait {
  /** Look at lines from this index of `log` on: what was logged before is not waited for again. Default 0. */
  readonly from?: number;
  /** Milliseconds. Default: `PATIENCE`. */
  readonly timeout?: number;
}

/**
 * In front of a command: the kernel kills the program when this process ends, in whatever way. An interrupted test run
 * leaves no server behind.
 */
export const lifeline = ["setpriv", "--pdeathsig", "KILL", "--"] as const;

/** A program that runs in the foreground; all that it writes is kept and can be waited for. */
export class WatchedProcess implements Witness {
  /** Every line it wrote, to standard output or error, in the order of arrival. */
  readonly log: string[] = [];
  /** Resolves when it has ended, with the exit code or signal in words. */
  readonly exited: Promise<string>;
  private readonly child: ChildProcess;
  private readonly watchers = new Set<() => void>();
  /** How it ended, in words; undefined while it runs. */
  end: string | undefined;

  /**
   * @param name what errors call it: "prosody of a.example"
   * @param command the program and its arguments
   */
  constructor(
    readonly name: string,
    [program, ...args]: readonly [string, ...string[]],
  ) {
    tellOnFailure(this);
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.log.push(line);
        this.notify();
      });
    }
    this.exited = new Promise((resolve) => {
      const ended = (how: string) => {
        this.end ??= how;
        resolve(this.end);
        this.notify();
      };
      this.child.once("error", (error) => ended(error.message));
      // "close", not "exit": the last lines of the log have arrived
      this.child.once("close", (code, signal) => ended(signal === null ? `exit code ${code}` : `${signal}`));
    });
  }

  /** Waits for a line that matches and gives it back. Rejects at the end of the program or of the time. */
  waitForLog(pattern: RegExp, wait?: LogWait): Promise<string> {
    return this.waitForLine(`a log line ${pattern}`, (line) => (pattern.test(line) ? line : undefined), wait);
  }

  /** Waits for the first line that `read` makes something of, and gives that back. */
  waitForLine<T>(
    wanted: string,
    read: (line: string) => T | undefined,
    { from = 0, timeout = PATIENCE }: LogWait = {},
  ): Promise<T> {
    let next = from;
    return this.watch(wanted, timeout, () => {
      while (next < this.log.length) {
        const found = read(this.log[next++] as string);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  /** Waits until a TCP connection to the port is accepted. Rejects at the end of the program or of the time. */
  async waitForPort(address: string, port: number, timeout = PATIENCE): Promise<void> {
    let accepted = false;
    const attempt = () => {
      const socket = connect(port, address);
      socket.once("connect", () => {
        accepted = true;
        socket.destroy();
        this.notify();
      });
      socket.once("error", () => socket.destroy()); // refused: the next attempt tells
    };
    const timer = setInterval(attempt, 20);
    try {
      await this.watch(`a listener at ${address} port ${port}`, timeout, () => (accepted ? true : undefined));
    } finally {
      clearInterval(timer);
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Sends a signal. `stop` is the orderly way to end it. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it by SIGTERM, after three seconds by SIGKILL, and waits until it is gone. */
  async stop(): Promise<void> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), 3000);
    await this.exited;
    clearTimeout(timer);
  }

  /** The last lines of the log, for error messages. */
  tail(lines = 15): string {
    return this.log.slice(-lines).join("\n");
  }

  private notify(): void {
    for (const watcher of [...this.watchers]) watcher();
  }

  /** Resolves with the first answer of `look` that is not undefined; it is asked at each event. */
  private watch<T>(wanted: string, timeout: number, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.watchers.delete(check);
        settle();
      };
      const fail = (code: "peer-exited" | "peer-timeout", found: string) =>
        finish(() =>
          reject(new PeerRigError(code, `${this.name}: ${found}; expected ${wanted}. It wrote:\n${this.tail()}`)),
        );
      const check = () => {
        const answer = look();
        if (answer !== undefined) finish(() => resolve(answer));
        else if (this.end !== undefined) fail("peer-exited", `ended (${this.end})`);
      };
      const timer = setTimeout(() => fail("peer-timeout", `nothing within ${timeout} ms`), timeout);
      this.watchers.add(check);
      check();
    });
  }
}
