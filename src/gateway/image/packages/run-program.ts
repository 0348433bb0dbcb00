import { execFile } from "node:child_process";

export interface ProgramRun {
  /** Undefined where the program is not there. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds. */
const PATIENCE = 300_000;

/** Runs a program to its end, without a shell. Does not throw where it fails. */
export function runProgram(
  program: string,
  argv: readonly string[],
  signal?: AbortSignal,
  cwd?: string,
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const options = {
      maxBuffer: 64 * 2 ** 20,
      timeout: PATIENCE,
      ...(signal === undefined ? {} : { signal }),
      ...(cwd === undefined ? {} : { cwd }),
    };
    const child = execFile(program, argv, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ exitCode: 0, stdout, stderr });
      if (error.name === "AbortError") return reject(error);
      const { code } = error as { code?: unknown };
      if (code === "ENOENT") return resolve({ exitCode: undefined, stdout, stderr });
      resolve({ exitCode: typeof code === "number" ? code : 1, stdout, stderr: stderr || error.message });
    });
    child.stdin?.end();
  });
}
