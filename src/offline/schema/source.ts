import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The bindings are not what this extraction can read: another generator's output, or one without its sources. */
export class BindingsError extends Error {
  readonly code = "bindings-unreadable";

  constructor(binding: string, found: string) {
    super(`${binding}: ${found}; use the @cdktf/provider-aws release of the lockfile`);
    this.name = "BindingsError";
  }
}

/**
 * The generated TypeScript of one binding. The compiled file keeps the comments of computed members only (those of
 * settable members hang on type-only fields, which compilation erases), so the embedded source map is the one
 * complete copy.
 */
export function generatedSource(folder: string): string {
  const compiled = readFileSync(join(folder, "index.js"), "utf8");
  const mark = compiled.lastIndexOf("//# sourceMappingURL=data:");
  if (mark < 0) throw new BindingsError(folder, "has no embedded source map");
  const start = compiled.indexOf("base64,", mark) + "base64,".length;
  const map: { sourcesContent?: string[] } = JSON.parse(Buffer.from(compiled.slice(start).trim(), "base64").toString());
  const source = map.sourcesContent?.[0];
  if (source === undefined) throw new BindingsError(folder, "its source map holds no sources");
  return source;
}
