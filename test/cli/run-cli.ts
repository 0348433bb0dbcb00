import { main } from "../../src/cli/main";
import type { StopSignal } from "../../src/cli/output/io";

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly terminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** Receives the way to send a signal, once the command listens. */
  readonly onListening?: (send: (signal: StopSignal) => void) => void;
  /** Told of what goes to standard error, as it does. */
  readonly onStderr?: (text: string) => void;
  /** The same of standard output. */
  readonly onStdout?: (text: string) => void;
}

/** Runs the command line inside this process. */
export async function runCli(argv: readonly string[], world: CliWorld = {}): Promise<CliRun> {
  let stdout = "";
  let stderr = "";
  const terminal = world.terminal ?? false;
  const code = await main(argv, {
    stdout: (text) => {
      stdout += text;
      world.onStdout?.(text);
    },
    stderr: (text) => {
      stderr += text;
      world.onStderr?.(text);
    },
    terminal: { stdout: terminal, stderr: terminal },
    environment: world.environment ?? {},
    onStopSignal: (listener) => world.onListening?.(listener),
  });
  return { code, stdout, stderr };
}
