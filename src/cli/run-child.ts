import { ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { join } from "node:path";

/** Starts this program anew with other arguments. Never throws: what cannot be started tells so as Node's others do. */
export function startOwnProcess(args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(process.execPath, [join(__dirname, "main.js"), ...args], options);
  } catch (error) {
    // Some system errors, such as no memory, are thrown instead of emitted; thrown by a timer they would end us.
    const never = new ChildProcess();
    process.nextTick(() => never.emit("error", error));
    return never;
  }
}

/**
 * Calls back once: when a process has ended, or where it never began (no process or descriptor left), for then Node
 * emits `error` and no `exit`.
 * @param ended gets the reason in words, and the exit code where there is one
 */
export function onceEnded(child: ChildProcess, ended: (reason: string, code: number | null) => void): void {
  let isOver = false;
  const end = (reason: string, code: number | null) => {
    if (!isOver) ended(reason, code);
    isOver = true;
  };
  child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`, code));
  child.on("error", (error) => {
    if (child.pid === undefined) end(error.message, null);
  });
}

/** Whether a process runs still. */
export function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
