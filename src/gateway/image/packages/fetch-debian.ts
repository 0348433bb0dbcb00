import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ImageError } from "../image-error";
import type { LockedDebian } from "../lock/lock";
import { UNFINISHED } from "./cache-sweep";
import { runProgram } from "./run-program";

/** apt's own downloader: it takes an address, minds apt's proxies, and needs neither lists nor root. */
const APT_HELPER = "/usr/lib/apt/apt-helper";
/** Milliseconds for one package of a mirror that was named. */
const PATIENCE = 120_000;

/**
 * Fetches a package into a new file in `directory`: by apt from the mirrors of its sources, or over HTTP from those
 * that are named. What is in it the caller compares with the lock.
 * @param aptMirrors finds those of apt's sources, where none are named
 * @throws ImageError package-missing, package-unreachable
 */
export async function fetchDebian(
  locked: LockedDebian,
  named: readonly string[],
  aptMirrors: () => Promise<readonly string[]>,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  const mirrors = named.length > 0 ? named : await aptMirrors();
  const file = join(directory, `${UNFINISHED}${randomBytes(6).toString("hex")}`);
  const words: string[] = [];
  let isMissing = true;
  for (const mirror of mirrors) {
    const url = `${mirror.replace(/\/+$/, "")}/${locked.path}`;
    const fetched = named.length > 0 ? overHttp : byApt;
    let isThere = false;
    try {
      const fault = await fetched(url, locked, file, signal);
      isThere = fault === undefined;
      if (fault === undefined) return file;
      words.push(fault.words);
      isMissing &&= fault.isMissing;
    } finally {
      if (!isThere) await rm(file, { force: true });
    }
  }
  const what = `${locked.package} ${locked.version}`;
  if (isMissing)
    throw new ImageError(
      "package-missing",
      `no mirror has ${what} any more (${locked.path})`,
      "what the lock names",
      "renew the lock by xmpp-edge image lock --update, or name a mirror that keeps old versions by --debian-mirror",
    );
  throw new ImageError(
    "package-unreachable",
    `${what} could not be fetched: ${words.join("; ").slice(0, 400)}`,
    "a mirror in reach",
    "see apt's sources, or name a mirror by --debian-mirror",
  );
}

interface Fault {
  readonly words: string;
  readonly isMissing: boolean;
}

/** The mirrors that apt's sources name. @throws ImageError where there are none */
export async function mirrorsOfApt(signal?: AbortSignal): Promise<readonly string[]> {
  // Lines as `'http://mirror/dists/release/InRelease' …`; unlike apt's other lists this one needs no earlier update.
  const { exitCode, stdout } = await runProgram(
    "apt-get",
    ["-o", "Debug::NoLocking=1", "--print-uris", "update"],
    signal,
  );
  const found = exitCode === 0 ? [...stdout.matchAll(/^'(https?:[^']+)\/dists\/[^']*'/gm)] : [];
  const mirrors = [...new Set(found.map(([, mirror = ""]) => mirror))];
  if (mirrors.length > 0) return mirrors;
  throw new ImageError(
    "package-unreachable",
    "apt is not on this machine, or has no sources",
    "a Debian mirror",
    "name one by --debian-mirror, and the one of its security updates by a second",
  );
}

async function byApt(url: string, _: LockedDebian, file: string, signal?: AbortSignal): Promise<Fault | undefined> {
  const argv = ["-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=2", "download-file", url, file];
  const { exitCode, stdout, stderr } = await runProgram(APT_HELPER, argv, signal);
  if (exitCode === 0) return undefined;
  const words = `${stdout}\n${stderr}`;
  return { words: words.trim().split("\n").slice(-2).join(" "), isMissing: /\b404\b/.test(words) };
}

async function overHttp(
  url: string,
  { size }: LockedDebian,
  file: string,
  signal?: AbortSignal,
): Promise<Fault | undefined> {
  const patience = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { words: `${url} answered ${response.status}`, isMissing: response.status === 404 };
    }
    await pipeline(Readable.fromWeb(response.body), bounded(size, url), createWriteStream(file, { flags: "wx" }));
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    const { message, cause } = error as Error;
    return { words: `${url}: ${(cause as Error | undefined)?.message ?? message}`, isMissing: false };
  }
}

function bounded(maximum: number, url: string) {
  return async function* (source: AsyncIterable<Buffer>) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > maximum) throw new Error(`${url} has more than the lock's ${maximum} bytes`);
      yield chunk;
    }
  };
}
