import { spawn } from "node:child_process";
import { checkRecord, type DnsHost, DnsHostError, type HostRecord, recordLine } from "./dns-host";

export interface HookOptions {
  /** A program and its first arguments. It is started without a shell. */
  readonly command: readonly [string, ...string[]];
  /** Milliseconds for one call. Default: five minutes. */
  readonly timeout?: number;
}

/** What of a hook's words goes into an error. */
const MAXIMUM_WORDS = 2000;

/**
 * A program that makes the changes. It is called as `command publish` or `command remove` with one zone file line a
 * record on standard input, and has to end with 0 when the change is made.
 */
export function hookHost({ command, timeout = 300_000 }: HookOptions): DnsHost {
  const [program, ...args] = command;
  const call = (verb: string, records: readonly HostRecord[]): Promise<void> => {
    for (const record of records) checkRecord(record);
    return new Promise((resolve, reject) => {
      const child = spawn(program, [...args, verb], { stdio: ["pipe", "ignore", "pipe"] });
      let words = "";
      let late = false;
      const deadline = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, timeout);
      const fail = (found: string, cause?: Error) => {
        clearTimeout(deadline);
        const said = words.trim() === "" ? "" : `; it wrote: ${words.trim()}`;
        reject(
          new DnsHostError(
            "dns-host-refused",
            `the hook ${program} ${verb} ${found}${said}`,
            "run it by hand with the same line on standard input",
            cause === undefined ? {} : { cause },
          ),
        );
      };
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        words = (words + text).slice(-MAXIMUM_WORDS);
      });
      child.on("error", (error) => fail(`cannot be started: ${error.message}`, error));
      child.on("close", (code, signal) => {
        if (code === 0) {
          clearTimeout(deadline);
          resolve();
        } else fail(late ? `took longer than ${timeout} ms` : `ended with ${signal ?? `exit code ${code}`}`);
      });
      // A hook that does not read its input ends when it likes; its exit code tells.
      child.stdin.on("error", () => undefined);
      child.stdin.end(records.map((record) => `${recordLine(record)}\n`).join(""));
    });
  };
  return {
    name: `hook ${program}`,
    publish: (records) => (records.length === 0 ? Promise.resolve() : call("publish", records)),
    remove: (records) => (records.length === 0 ? Promise.resolve() : call("remove", records)),
    /** The hook only writes; what is published shows at the name servers. */
    read: async () => [],
  };
}
