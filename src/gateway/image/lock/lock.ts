import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ImageError } from "../image-error";
import { PACKAGE_ROOT } from "../package-root";
import { PLATFORMS, type Platform } from "../platform";

/** The Debian package that holds nothing of the platform but certificates of authorities. */
export const AUTHORITIES_PACKAGE = "ca-certificates";

/** The npm package with Node's program for one platform. */
export interface LockedNode {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and Base64. */
  readonly integrity: string;
}

export interface LockedDebian {
  readonly package: string;
  readonly version: string;
  /** Below a mirror: `pool/…`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Everything foreign that goes into the base layer, by version and hash. */
export interface ImageLock {
  readonly format: 1;
  readonly debian: { readonly release: string; readonly versionId: string };
  readonly platforms: Readonly<
    Record<Platform, { readonly node: LockedNode; readonly debian: readonly LockedDebian[] }>
  >;
}

/** How a lock is called that a user keeps beside the definition. */
export const LOCK_NAME = "image.lock.json";

/** The lock that is used where none is named: one in the working directory, else the one that comes with us. */
export function defaultLockFile(workingDirectory: string): string {
  const own = resolve(workingDirectory, LOCK_NAME);
  return existsSync(own) ? own : join(PACKAGE_ROOT, LOCK_NAME);
}

/** @throws ImageError lock-invalid */
export function readLock(file: string): ImageLock {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw invalid(file, `it cannot be read: ${(error as Error).message.slice(0, 200)}`);
  }
  const fault = faultOf(value);
  if (fault !== undefined) throw invalid(file, fault);
  return value as ImageLock;
}

// Versions and paths become parts of commands and addresses: only what they are made of is let through.
const VERSION = /^[0-9][A-Za-z0-9.+:~-]{0,99}$/;
const PATH = /^pool\/[A-Za-z0-9/._+%~-]{1,300}\.deb$/;
const NAME = /^[a-z0-9][a-z0-9.+-]{1,60}$/;

function faultOf(value: unknown): string | undefined {
  const { format, debian, platforms } = (value ?? {}) as Partial<ImageLock>;
  if (format !== 1) return `format is ${JSON.stringify(format)}`;
  if (!NAME.test(debian?.release ?? "") || !/^\d{1,3}$/.test(debian?.versionId ?? "")) return "debian is incomplete";
  for (const platform of PLATFORMS) {
    const parts = platforms?.[platform];
    const { name, version, integrity } = parts?.node ?? {};
    if (!/^node-linux-(x64|arm64)$/.test(name ?? "") || !/^\d+\.\d+\.\d+$/.test(version ?? ""))
      return `${platform}: node has no name or version`;
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "")) return `${platform}: node has no integrity of SHA-512`;
    if (!Array.isArray(parts?.debian) || parts.debian.length === 0) return `${platform}: debian is no list`;
    for (const one of parts.debian as readonly Partial<LockedDebian>[]) {
      if (!NAME.test(one.package ?? "") || !VERSION.test(one.version ?? ""))
        return `${platform}: a package without a name`;
      if (!PATH.test(one.path ?? "") || one.path!.includes("..")) return `${platform}: ${one.package} has no path`;
      if (!/^[0-9a-f]{64}$/.test(one.sha256 ?? "") || !Number.isInteger(one.size))
        return `${platform}: ${one.package} has no hash or size`;
    }
  }
  return undefined;
}

const invalid = (file: string, what: string) =>
  new ImageError(
    "lock-invalid",
    `${file} is no lock of an image: ${what}`,
    "what xmpp-edge image lock --update writes",
    "write it anew by xmpp-edge image lock --update",
  );
