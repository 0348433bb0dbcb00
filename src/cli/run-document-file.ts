import { execFile } from "node:child_process";
import { constants, stat } from "node:fs";
import { open, stat as statNow } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type DocumentSource, MAXIMUM_DOCUMENT_BYTES, type SourcedDocument, SourceError } from "./run-document";

/** ms between two looks at the file; a change counts once two of them have found the same. */
const LOOK = 250;
/** ms that compiling a definition may take. */
const COMPILE = 60_000;

/** What the compiling process prints: this line, then the document. */
export interface CompiledHeader {
  readonly certificateSource: string;
}
/** Or this line alone. */
export interface CompileFailure {
  /** The first thing found, with its place. */
  readonly failure: string;
  readonly remedy: string;
}

/**
 * A file: a compiled gateway document as it is, or a definition, compiled by a process of its own because the
 * gateway's loads neither zod nor the user's code. What a definition imports is not watched, only the file itself.
 * @param said takes what the compiler says about a definition, for people
 */
export function fileSource(file: string, said: (text: string) => void = () => undefined): DocumentSource {
  const over = new AbortController();
  return {
    name: resolve(file),
    async read() {
      await refusePipe(file);
      const text = file.toLowerCase().endsWith(".json") ? await documentText(file) : undefined;
      return text === undefined ? compile(file, said, over.signal) : { text };
    },
    watch(changed) {
      const watching = watchFile(file, changed);
      return {
        close() {
          watching.close();
          over.abort(); // whoever waits for a definition that does not end would hold up the gateway's end
        },
      };
    },
  };
}

/** The text of a compiled document; undefined where the file is none, and for the definition's reader to judge. */
async function documentText(file: string): Promise<string | undefined> {
  const text = await readBounded(file);
  if (text === undefined) return undefined;
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return format === undefined ? undefined : text;
  } catch {
    return undefined; // no JSON: the loader says where
  }
}

/** Whatever writes to a pipe may never come, nor be there a second time; what else there is shows when it is read. */
async function refusePipe(file: string): Promise<void> {
  const found = await statNow(file).catch(() => undefined);
  if (found?.isFIFO() === true)
    throw new SourceError(
      "source-invalid",
      `${file} is a pipe, which cannot be read again after a change`,
      "write the document to a file, and give that",
    );
}

async function readBounded(file: string): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe by now does not block either
    // One byte more than there may be: whatever else there is, also without an end, is never read.
    const content = handle.createReadStream({ end: MAXIMUM_DOCUMENT_BYTES, signal: AbortSignal.timeout(COMPILE) });
    for await (const piece of content as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
    }
  } catch {
    return undefined;
  }
  if (bytes <= MAXIMUM_DOCUMENT_BYTES) return Buffer.concat(pieces).toString("utf8");
  throw new SourceError(
    "source-invalid",
    `${file} has more than ${MAXIMUM_DOCUMENT_BYTES} bytes`,
    "give a gateway document, as xmpp-edge facts prints it",
  );
}

function compile(file: string, said: (text: string) => void, signal: AbortSignal): Promise<SourcedDocument> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(__dirname, "run-document-compile.js"), file],
      { maxBuffer: 4 * MAXIMUM_DOCUMENT_BYTES, timeout: COMPILE, killSignal: "SIGKILL", signal },
      (error, stdout, stderr) => {
        if (stderr !== "" && !signal.aborted) said(stderr);
        const end = stdout.indexOf("\n");
        const header = readHeader(stdout.slice(0, Math.max(0, end)));
        if (error === null && header !== undefined && "certificateSource" in header)
          resolve({ text: stdout.slice(end + 1), certificateSource: header.certificateSource });
        else if (header !== undefined && "failure" in header)
          reject(new SourceError("source-invalid", header.failure, header.remedy));
        else
          reject(
            new SourceError(
              "source-invalid",
              `${file} could not be compiled: ${error?.killed === true ? "it took too long" : "the compiling process failed"}`,
              `see what xmpp-edge check ${file} says`,
            ),
          );
      },
    );
  });
}

function readHeader(line: string): CompiledHeader | CompileFailure | undefined {
  try {
    return JSON.parse(line) as CompiledHeader | CompileFailure;
  } catch {
    return undefined;
  }
}

/**
 * Looks at what the name leads to now, through every link: a rewritten file, one renamed over it, and a swapped folder
 * above it (a mounted ConfigMap) all show. Half-written files are not told, nor the moment without one in between.
 */
function watchFile(file: string, changed: () => void): { close(): void } {
  let known: string | undefined;
  let seen: string | undefined;
  let looking = false;
  const look = () => {
    if (looking) return;
    looking = true;
    stat(file, { bigint: true }, (error, found) => {
      looking = false;
      const state =
        error === null ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` : "absent";
      const settled = state === seen;
      seen = state;
      if (known === undefined) known = state; // what is there at the start is read anyway
      if (!settled || state === known) return;
      known = state;
      changed();
    });
  };
  look();
  const timer = setInterval(look, LOOK).unref();
  return { close: () => clearInterval(timer) };
}
