import { existsSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { LoadError } from "./load-error";

/** Top-level `await` in a definition may take this long, in milliseconds. */
const MAXIMUM_RUN_MS = 30_000;

/**
 * Runs a definition written in TypeScript or JavaScript and gives its default export. `xmpp-edge` is this very
 * package for it, wherever the file lies.
 */
export async function runDefinition(file: string): Promise<unknown> {
  const { createJiti } = require("jiti") as typeof import("jiti");
  const path = resolve(file);
  const jiti = createJiti(pathToFileURL(path).href, {
    alias: ownPackage(),
    // A cache in the shared temporary folder would let other users of the machine plant code.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
  });
  let module: unknown;
  try {
    module = await withinTime(file, jiti.import(path));
  } catch (error) {
    if (error instanceof LoadError || isDefinitionError(error)) throw error;
    throw thrownBy(file, path, error);
  }
  return defaultExport(file, module);
}

/** A `DefinitionError` of any copy of this package. */
export function isDefinitionError(error: unknown): error is Error & { readonly issues: readonly unknown[] } {
  return (
    types.isNativeError(error) &&
    (error as { code?: unknown }).code === "definition-invalid" &&
    Array.isArray((error as { issues?: unknown }).issues)
  );
}

/** Our own entry points, as TypeScript where the program itself runs from its sources. */
function ownPackage(): Record<string, string> {
  const extension = extname(__filename);
  const entry = (folder: string) => join(__dirname, "..", folder, `index${extension}`);
  return {
    "xmpp-edge/constructs": entry("constructs"),
    "xmpp-edge/dns": entry("dns"),
    "xmpp-edge": entry("definition"),
  };
}

async function withinTime(file: string, loading: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new LoadError(
            "took-too-long",
            file,
            `did not finish within ${MAXIMUM_RUN_MS / 1000} s`,
            "a definition is data: wait for nothing that may not come",
          ),
        ),
      MAXIMUM_RUN_MS,
    );
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

function defaultExport(file: string, module: unknown): unknown {
  const names = typeof module === "object" && module !== null ? Object.keys(module) : [];
  const isEsModule = (module as { __esModule?: unknown } | undefined)?.__esModule === true;
  // `module.exports = …` and `export = …` are default exports too.
  const value = names.includes("default") || isEsModule ? (module as { default?: unknown }).default : module;
  const wrong = (found: string, remedy: string) => new LoadError("default-export-wrong", file, found, remedy);
  if (value === undefined)
    throw wrong(
      names.length === 0 ? "exports nothing" : `has no default export, only ${names.slice(0, 8).join(", ")}`,
      "write `export default defineEdge({ … })`",
    );
  if (typeof value === "function")
    throw wrong("exports a function by default", "export what it returns: `export default defineEdge({ … })`");
  if (types.isPromise(value)) throw wrong("exports a promise by default", "await it: `export default await …`");
  return value;
}

/** What the file did wrong, in its own words and at its own line; the frames of the loader are not its business. */
function thrownBy(file: string, path: string, error: unknown): LoadError {
  const message = types.isNativeError(error) ? error.message : String(error);
  const syntax = /^(?:\w*Error: )?([^\n]*?)\s*\n\s*(\S.*):(\d+):(\d+)$/.exec(message);
  if (syntax !== null && !(types.isNativeError(error) && error.stack?.includes("\n    at "))) {
    const [, reason = "", where = "", line, column] = syntax;
    return new LoadError("unparsable", shown(file, path, where), reason, "correct the text there", {
      line: Number(line),
      column: Number(column) + 1,
    });
  }
  const frame = ownFrame(error);
  const where = frame === undefined ? file : shown(file, path, frame.file);
  const at = frame === undefined ? undefined : { line: frame.line };
  if ((error as NodeJS.ErrnoException | undefined)?.code === "MODULE_NOT_FOUND")
    return new LoadError(
      "module-not-found",
      where,
      message.split("\n")[0] ?? message,
      "correct the import, or install the package where the definition can find it",
      at,
    );
  const kind = types.isNativeError(error) ? `${error.name}: ` : "";
  return new LoadError("file-threw", where, `threw ${kind}${message}`, "correct the code there", at);
}

/** The innermost frame of the user's own code. Columns are left out: the loader's rewriting moves them. */
function ownFrame(error: unknown): { file: string; line: number } | undefined {
  if (!types.isNativeError(error)) return undefined;
  for (const [, path = "", line] of (error.stack ?? "").matchAll(
    /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^\n()]+?):(\d+):\d+\)?$/gm,
  )) {
    if (path.includes(`${sep}node_modules${sep}`) || path.startsWith(join(__dirname, "..") + sep)) continue;
    if (existsSync(path)) return { file: path, line: Number(line) };
  }
  return undefined;
}

/** A file that the definition imports, named the way the definition was. */
function shown(file: string, path: string, other: string): string {
  return other === path ? file : join(dirname(file), relative(dirname(path), other));
}
