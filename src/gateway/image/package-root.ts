import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of our own package: three above this file, in `src` as in `dist`. */
export const PACKAGE_ROOT = join(__dirname, "..", "..", "..");

/** Our own version, from package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;
}
