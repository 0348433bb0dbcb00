export type StopSignal = "SIGINT" | "SIGTERM";

/** The process around a run of the command line; tests give one of their own. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes over SIGINT and SIGTERM. A second one ends the process by itself. */
  onStopSignal(listener: (signal: StopSignal) => void): void;
}

/** What a shell reports for a process that a signal ended: 128 and the signal's number. */
export const SIGNAL_EXIT: Readonly<Record<StopSignal, 130 | 143>> = { SIGINT: 130, SIGTERM: 143 };

/** The real process. */
export function processIo(): CliIo {
  return {
    stdout: writer(process.stdout),
    stderr: writer(process.stderr),
    terminal: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
    environment: process.env,
    onStopSignal(listener) {
      let stopping = false;
      for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => {
          if (stopping) process.exit(SIGNAL_EXIT[signal]);
          stopping = true;
          listener(signal);
        });
    },
  };
}

/** A reader that has gone (`xmpp-edge facts … | head`) is no fault: what it does not want is not written. */
function writer(stream: NodeJS.WriteStream): (text: string) => void {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    open = false;
  });
  return (text) => {
    if (open) stream.write(text);
  };
}
