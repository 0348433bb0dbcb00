import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageError } from "../image-error";
import type { LockedNode } from "../lock/lock";
import { UNFINISHED } from "./cache-sweep";
import { runProgram } from "./run-program";
import type { PackageSources } from "./sources";

/**
 * Has npm fetch the package into a new folder in `directory`, with the registry, the credentials and the proxies that
 * the user has set for it. Gives the archive's file; what is in it the caller compares with the lock.
 * @throws ImageError package-missing, package-unreachable
 */
export async function fetchNode(
  { name, version }: LockedNode,
  { npmRegistry }: PackageSources,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  const folder = await mkdtemp(join(directory, UNFINISHED));
  const argv = ["pack", "--loglevel=error", "--json=false", `${name}@${version}`, "--pack-destination", folder];
  if (npmRegistry !== undefined) argv.push("--registry", npmRegistry);
  const { exitCode, stderr } = await runProgram("npm", argv, signal, folder).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const [archive] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  if (exitCode === 0 && archive !== undefined) return join(folder, archive);
  await rm(folder, { recursive: true, force: true });
  if (exitCode === undefined)
    throw new ImageError(
      "package-unreachable",
      "npm is not on PATH",
      `npm, to fetch ${name} ${version}`,
      "install Node.js with its npm",
    );
  const words = stderr.trim().split("\n").slice(-3).join(" ").slice(0, 400);
  if (/\bE404\b|ETARGET|404 Not Found/.test(stderr))
    throw new ImageError(
      "package-missing",
      `npm's registry has no ${name} ${version}`,
      "what the lock names",
      "renew the lock by xmpp-edge image lock --update, or name a registry that has it by --npm-registry",
    );
  throw new ImageError(
    "package-unreachable",
    `npm could not fetch ${name} ${version}: ${words || `exit code ${exitCode}`}`,
    "a registry in reach",
    "see npm config get registry, or name another by --npm-registry",
  );
}
