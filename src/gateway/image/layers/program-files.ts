import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageError } from "../image-error";
import { PACKAGE_ROOT } from "../package-root";
import { file, type TarEntry } from "../tar/entry";

/** Where the program is in the image. */
export const PROGRAM_FOLDER = "opt/xmpp-edge";

/** An npm package that the program holds code of. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** What the program layer is made of. */
export interface ProgramFiles {
  readonly entries: ReadonlyMap<string, TarEntry>;
  readonly packages: readonly BundledPackage[];
}

/** What `npm run build` bundled for the image. */
const PROGRAM = join(PACKAGE_ROOT, "dist", "image", "program");

/** @throws ImageError program-missing */
export function programFiles(directory = PROGRAM): ProgramFiles {
  const entries = new Map<string, TarEntry>();
  try {
    for (const path of filesBelow(directory))
      entries.set(`${PROGRAM_FOLDER}/${path}`, file(readFileSync(join(directory, path))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const packages = entries.get(`${PROGRAM_FOLDER}/packages.json`);
  if (packages?.type !== "file" || !entries.has(`${PROGRAM_FOLDER}/main.js`))
    throw new ImageError(
      "program-missing",
      `${directory} does not hold the program`,
      "what npm run build bundles for the image",
      "run npm run build",
    );
  return { entries, packages: JSON.parse(packages.data.toString("utf8")) as BundledPackage[] };
}

function* filesBelow(directory: string, below = ""): Generator<string> {
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true }) as Dirent[]) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(directory, path);
    else yield path;
  }
}
