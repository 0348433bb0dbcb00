import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageError } from "../image-error";
import { runProgram } from "../packages/run-program";
import type { PackageSources } from "../packages/sources";
import { PLATFORM_NAMES, PLATFORMS, type Platform } from "../platform";
import type { ImageLock, LockedDebian, LockedNode } from "./lock";

/** The line of Node that is locked: its newest long-term one. */
const NODE_LINE = 26;
/** The Debian release whose libraries Node runs on. */
const DEBIAN = { release: "bookworm", versionId: "12" };
/** What Node loads, what names are looked up with, the authorities; gcc-12-base holds the licence of two of them. */
const PACKAGES = ["ca-certificates", "gcc-12-base", "libatomic1", "libc6", "libgcc-s1", "libstdc++6"];

export interface UpdateOptions {
  readonly sources?: PackageSources;
  readonly signal?: AbortSignal;
  readonly progress?: (text: string) => void;
}

/**
 * The lock with the newest version of everything. npm says what its registry has; apt compares Debian's lists with
 * their signatures.
 * @throws ImageError lock-update-failed
 */
export async function updatedLock({ sources = {}, signal, progress }: UpdateOptions): Promise<ImageLock> {
  progress?.("asking npm for the newest Node");
  const nodes = await newestNode(sources, signal);
  progress?.("fetching Debian's lists");
  const debian = await newestDebian(signal);
  const parts = (platform: Platform) => ({ node: nodes[platform], debian: debian[platform] });
  const platforms = { "linux/amd64": parts("linux/amd64"), "linux/arm64": parts("linux/arm64") };
  return { format: 1, debian: DEBIAN, platforms };
}

/** The newest version that there is for every platform. */
async function newestNode(sources: PackageSources, signal?: AbortSignal): Promise<Record<Platform, LockedNode>> {
  const registry = sources.npmRegistry === undefined ? [] : ["--registry", sources.npmRegistry];
  const view = async (...asked: string[]): Promise<unknown> => {
    const { exitCode, stdout, stderr } = await runProgram("npm", ["view", ...asked, "--json", ...registry], signal);
    if (exitCode === undefined) throw failed("npm is not on PATH");
    if (exitCode !== 0) throw failed(`npm: ${stderr.trim().slice(0, 300)}`);
    return JSON.parse(stdout);
  };
  const names = PLATFORMS.map((platform) => `node-linux-${PLATFORM_NAMES[platform].npm}`);
  const lists = await Promise.all(
    names.map(async (name) => [await view(`${name}@${NODE_LINE}`, "version")].flat().map(String)),
  );
  const everywhere = lists.reduce((some, others) => some.filter((version) => others.includes(version)));
  const version = everywhere.sort((one, other) => one.localeCompare(other, "en", { numeric: true })).at(-1);
  if (version === undefined)
    throw failed(`npm knows no version of line ${NODE_LINE} that all of ${names.join(", ")} have`);
  const locked = async (platform: Platform): Promise<LockedNode> => {
    const name = `node-linux-${PLATFORM_NAMES[platform].npm}`;
    const integrity = await view(`${name}@${version}`, "dist.integrity");
    if (typeof integrity !== "string") throw failed(`npm's registry has no hash of ${name} ${version}`);
    return { name, version, integrity };
  };
  return { "linux/amd64": await locked("linux/amd64"), "linux/arm64": await locked("linux/arm64") };
}

/** apt with lists and caches of its own: needs no root, and leaves the machine's as they are. */
async function newestDebian(signal?: AbortSignal): Promise<Record<Platform, LockedDebian[]>> {
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-lock-"));
  try {
    await mkdir(join(folder, "lists", "partial"), { recursive: true });
    await mkdir(join(folder, "cache"));
    await writeFile(join(folder, "status"), "");
    const settings = [
      `Dir::State::lists=${folder}/lists`,
      `Dir::State::status=${folder}/status`,
      `Dir::Cache=${folder}/cache`,
      "APT::Sandbox::User=",
      "Debug::NoLocking=1",
      ...PLATFORMS.map((platform) => `APT::Architectures::=${PLATFORM_NAMES[platform].debian}`),
    ].flatMap((setting) => ["-o", setting]);
    const apt = async (...argv: string[]) => {
      const { exitCode, stdout, stderr } = await runProgram("apt-get", ["-qq", ...settings, ...argv], signal, folder);
      if (exitCode === undefined)
        throw failed("apt-get is not on PATH: renew the lock on a Debian machine or container");
      if (exitCode !== 0) throw failed(`apt: ${stderr.trim().slice(0, 300)}`);
      return stdout;
    };
    await apt("update");
    const targets = await apt("indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages");
    const mirrors = targets
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([release = ""]) => release.split("-")[0] === DEBIAN.release)
      .map(([, mirror = ""]) => mirror);
    if (mirrors.length === 0) throw failed(`apt's sources name no Debian ${DEBIAN.release}`);
    const found = {} as Record<Platform, LockedDebian[]>;
    for (const platform of PLATFORMS) {
      const names = PACKAGES.map((name) =>
        name === "ca-certificates" ? name : `${name}:${PLATFORM_NAMES[platform].debian}`,
      );
      const printed = await apt("--print-uris", "download", ...names);
      found[platform] = printed.split("\n").flatMap((line) => lockedOf(line, mirrors));
      const missing = PACKAGES.filter((name) => !found[platform].some((one) => one.package === name));
      if (missing.length > 0) throw failed(`Debian ${DEBIAN.release} has no ${missing.join(", ")} for ${platform}`);
      found[platform].sort((one, other) => (one.package < other.package ? -1 : 1));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A line as `'http://mirror/pool/…' name_version_architecture.deb 2759320 SHA256:…`. */
function lockedOf(line: string, mirrors: readonly string[]): LockedDebian[] {
  const [, url = "", name = "", size = "", sha256 = ""] =
    /^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
  const mirror = mirrors.find((one) => url.startsWith(one));
  if (mirror === undefined) return [];
  const [packageName = "", version = ""] = name.split("_");
  const path = url.slice(mirror.length).replace(/^\/+/, "");
  return [{ package: packageName, version: decodeURIComponent(version), path, size: Number(size), sha256 }];
}

const failed = (found: string) =>
  new ImageError(
    "lock-update-failed",
    found,
    "the newest versions",
    "the lock stays as it was; mend this and try again",
  );
