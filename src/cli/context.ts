import type { Definition } from "../definition";

/** What a subcommand may use of the world around it. `main` makes one for each run; nothing else writes or exits. */
export interface CliContext {
  /** Writes to standard output: the command's result, and nothing else. */
  readonly stdout: (text: string) => void;
  /** Writes to standard error: findings about the call, progress, explanations. */
  readonly stderr: (text: string) => void;
  /** True where standard output is a terminal and neither NO_COLOR nor --no-color is given. */
  readonly colour: boolean;
  /** Shows on standard error, on a terminal only, what takes longer than two seconds. Call `done` in any case. */
  progress(label: string): Progress;
  /**
   * Sets the exit code; the command still has to return by itself. `interrupted`: also where a signal ended it, for a
   * command that has no other end.
   */
  exit(code: number, how?: { readonly interrupted: boolean }): void;
  /**
   * Reads a definition that has to be valid.
   * @throws UsageError (exit 2) where it cannot be read or is invalid; its findings are printed by then
   */
  load(path: string): Promise<Definition>;
  /**
   * Aborts at SIGINT or SIGTERM. Who reads it takes over the signals: stop gracefully and return, and the exit
   * code will be 130 or 143. A second signal ends the process at once; so does the first where nobody reads this.
   */
  readonly signal: AbortSignal;
}

export interface Progress {
  /** Ends the display; the note says how it went. */
  done(note?: string): void;
}

/** A module of `src/cli` with one subcommand. `program` is the command it hangs under (`dns` for `dns zone`). */
export interface CommandModule {
  register(program: import("commander").Command, context: CliContext): void;
}

/**
 * An end of a command that is not the program's fault. `main` prints message and remedy, never a stack.
 * Exit codes: 1 found wanting, 2 used wrongly, 3 could not tell.
 */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 | 3,
    readonly remedy?: string,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

/** Bad options, or a definition that cannot be used: exit 2. */
export class UsageError extends CommandError {
  constructor(message: string, remedy?: string) {
    super(message, 2, remedy);
    this.name = "UsageError";
  }
}
