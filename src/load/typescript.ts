import { existsSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { LoadError } from "./load-error";

/**
 * Runs a definition written in TypeScript or JavaScript and gives its default export. `xmpp-edge` is this very
 * package for it, wherever the file lies.
 */
export function runDefinition(file: string): unknown {
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
    // Not `jiti.import`: what may wait for the network is no data, and would have to be given up on some day.
    module = jiti(path);
  } catch (error) {
    if (isDefinitionError(error)) throw error;
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
    "xmpp-edge/certificate": entry("certificate"),
    "xmpp-edge/constructs": entry("constructs"),
    "xmpp-edge/dns": entry("dns"),
    "xmpp-edge/policy": entry("policy-rules"),
    "xmpp-edge": entry("definition"),
  };
}

function defaultExport(file: string, module: unknown): unknown {
  const names = typeof module === "object" && module !== null ? Object.keys(module) : [];
  const isEsModule = (module as { __esModule?: unknown } | undefined)?.__esModule === true;
  // `module.exports = …` and `export = …` are default exports too.
  const hasDefault = names.includes("default") || isEsModule || names.length === 0;
  const value = hasDefault ? (module as { default?: unknown } | undefined)?.default : module;
  const wrong = (found: string, remedy: string) => new LoadError("default-export-wrong", file, found, remedy);
  if (value === undefined)
    throw wrong(
      names.length === 0 ? "exports nothing" : `has no default export, only ${names.slice(0, 8).join(", ")}`,
      "write `export default defineEdge({ … })`",
    );
  if (typeof value === "function")
    throw wrong("exports a function by default", "export what it returns: `export default defineEdge({ … })`");
  if (types.isPromise(value))
    throw wrong(
      "exports a promise by default",
      "export the definition itself: a definition is data and waits for nothing",
    );
  return value;
}

/** What the file did wrong, in its own words and at its own line; the frames of the loader are not its business. */
function thrownBy(file: string, path: string, error: unknown): LoadError {
  const message = types.isNativeError(error) ? error.message : String(error);
  const syntax = /^ParseError: ([^\n]*?)\s*\n\s*(\S.*):(\d+):(\d+)$/.exec(message);
  if (syntax !== null) {
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
  if (types.isNativeError(error) && error.name === "SyntaxError" && frame === undefined)
    return new LoadError("unparsable", file, message, "correct the text; a definition is data and waits for nothing");
  const kind = types.isNativeError(error) ? `${error.name}: ` : "";
  return new LoadError("file-threw", where, `threw ${kind}${message}`, "correct the code there", at);
}

/** The innermost frame of the user's own code. Columns are left out: the loader's rewriting moves them. */
function ownFrame(error: unknown): { file: string; line: number } | undefined {
  if (!types.isNativeError(error)) return undefined;
  const frames = /(?:\(|at (?:async )?)(\/[^\n()]+?):(\d+):\d+\)?$/gm;
  for (const [, path = "", line] of (error.stack ?? "").matchAll(frames)) {
    if (path.startsWith(__dirname + sep)) break; // from here on it is we who called
    const isOurs = path.startsWith(join(__dirname, "..") + sep);
    if (!isOurs && !path.includes(`${sep}node_modules${sep}`) && existsSync(path))
      return { file: path, line: Number(line) };
  }
  return undefined;
}

/** A file that the definition imports, named the way the definition was. */
function shown(file: string, path: string, other: string): string {
  return other === path ? file : join(dirname(file), relative(dirname(path), other));
}
