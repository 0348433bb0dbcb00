import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { BuiltImage } from "../../../src/gateway/image";
import { program } from "./gateway";

const run = promisify(execFile);
const project = resolve(__dirname, "../../..");

/**
 * Builds the program image of another release of this package: the same program under another version, so that its
 * layer, and with it the image's digest, is another one.
 * @param work a folder that outlives the image's use
 */
export async function buildAnotherRelease(work: string, version: string): Promise<BuiltImage> {
  const release = join(work, "release");
  const dist = dirname(dirname(program()));
  await mkdir(release);
  await cp(dist, join(release, "dist"), { recursive: true });
  await symlink(join(project, "node_modules"), join(release, "node_modules"));
  await cp(join(project, "image.lock.json"), join(release, "image.lock.json"));
  const description = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as { version: string };
  await writeFile(join(release, "package.json"), JSON.stringify({ ...description, version }));

  const bundle = join(release, "dist/image/program/main.js");
  const text = await readFile(bundle, "utf8");
  const [before, after, ...more] = text.split(`{version:"${description.version}"}`);
  if (after === undefined || more.length > 0) throw new Error(`${bundle} does not name its version exactly once`);
  await writeFile(bundle, `${before}{version:"${version}"}${after}`);

  const { stdout } = await run(process.execPath, [
    ...[join(release, "dist/cli/main.js"), "image", "build", "--output", join(work, "another-layout")],
    ...["--platform", "linux/amd64", "--cache", join(project, ".cache/image"), "--json"],
  ]);
  return JSON.parse(stdout) as BuiltImage;
}
