import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Why an image could not be run on this machine. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(
    readonly code: "engine-missing" | "engine-failed",
    readonly found: string,
    readonly expected: string,
    readonly remedy: string,
  ) {
    super(`${found}; expected ${expected}`);
  }
}

const ENGINES = ["podman", "docker"] as const;
const MOST_WORDS = 64 * 1024;

/**
 * The program that runs containers here: the one named, or the first of podman and docker on PATH.
 * @throws EngineError `engine-missing`
 */
export async function findEngine(path: string, named?: string): Promise<string> {
  for (const name of named === undefined ? ENGINES : [named])
    for (const folder of name.includes("/") ? [""] : path.split(delimiter).filter(isAbsolute)) {
      const file = folder === "" ? name : join(folder, name);
      if (await isProgram(file)) return file;
    }
  throw new EngineError(
    "engine-missing",
    named === undefined ? "neither podman nor docker is on PATH" : `there is no program ${named}`,
    "a program that runs containers",
    "install podman (on Debian: apt-get install podman), or run the gateway without a container: xmpp-edge run",
  );
}

const isProgram = (file: string) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

export interface EngineCall {
  readonly engine: string;
  readonly arguments: readonly string[];
  readonly input?: Iterable<Buffer>;
  readonly signal: AbortSignal;
}

/** Runs the engine to its end. Gives its standard output, or undefined where it says no. */
export async function ask(call: EngineCall): Promise<{ readonly ok: boolean; readonly words: string }> {
  const { engine, input, signal } = call;
  const child = spawn(engine, call.arguments, { stdio: ["pipe", "pipe", "pipe"], signal });
  let words = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-MOST_WORDS);
    });
  const ended = new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0));
  });
  // An engine that ends without reading all is judged by its exit code.
  const fed = pipeline(Readable.from(input ?? []), child.stdin).catch(() => undefined);
  const [ok] = await Promise.all([ended, fed]);
  return { ok, words: words.trim() };
}
