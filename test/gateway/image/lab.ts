import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ImageLock, LockedDebian, LockedNode } from "../../../src/gateway/image/lock/lock";
import { PLATFORM_NAMES, PLATFORMS, type Platform } from "../../../src/gateway/image/platform";
import { file, link, type TarEntry } from "../../../src/gateway/image/tar/entry";
import { tarPieces } from "../../../src/gateway/image/tar/write";

export const archive = (entries: Iterable<readonly [string, TarEntry]>) =>
  Buffer.concat([...tarPieces(new Map(entries))]);

/** Small packages of the same form as the real ones, and a lock of them. */
export interface Packages {
  readonly lock: ImageLock;
  /** By what the lock calls them: a path below a mirror, or an npm package. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** @param libraries of a package `libc6`, by name */
export function packagesOf(node = Buffer.from("no real program\n"), libraries: Record<string, Buffer> = {}): Packages {
  const contents = new Map<string, Buffer>();
  const deb = (name: string, files: Iterable<readonly [string, TarEntry]>): LockedDebian => {
    const bytes = ar([
      ["debian-binary", Buffer.from("2.0\n")],
      ["control.tar.gz", gzipSync(archive([["control", file(`Package: ${name}\nVersion: 1.0\n`)]]))],
      ["data.tar.gz", gzipSync(archive(files))],
    ]);
    const path = `pool/main/${name}_1.0.deb`;
    contents.set(path, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { package: name, version: "1.0", path, size: bytes.length, sha256 };
  };
  const npm = (name: string): LockedNode => {
    const bytes = gzipSync(
      archive([
        ["package/package.json", file(JSON.stringify({ name, version: "26.0.0" }))],
        ["package/bin/node", file(node, 0o755)],
        ["package/bin/npm", file("not taken")],
      ]),
    );
    contents.set(name, bytes);
    return { name, version: "26.0.0", integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}` };
  };
  const parts = (platform: Platform) => {
    const { npm: architecture, triplet } = PLATFORM_NAMES[platform];
    const place = (name: string) => `lib/${triplet}/${name}`;
    return {
      node: npm(`node-linux-${architecture}`),
      debian: [
        deb("ca-certificates", [
          ["usr/share/ca-certificates/mozilla/b.crt", file("second\n")],
          ["usr/share/ca-certificates/mozilla/a.crt", file("first\n")],
        ]),
        deb(`libc6-${architecture}`, [
          ...Object.entries(libraries).map(([name, bytes]) => [place(name), file(bytes)] as const),
          ["usr/bin/ldd", file("a script")],
          ["usr/share/doc/libc6/copyright", file("whose it is\n")],
          [place("libc.so"), link("libc.so.6")],
        ]),
      ],
    };
  };
  const [amd64, arm64] = PLATFORMS.map(parts);
  return {
    lock: {
      format: 1,
      debian: { release: "bookworm", versionId: "12" },
      platforms: { "linux/amd64": amd64!, "linux/arm64": arm64! },
    },
    contents,
  };
}

/** Lays packages into a cache, as if they had been fetched. */
export async function fillCache(cache: string, { contents }: Packages): Promise<void> {
  await mkdir(join(cache, "packages"), { recursive: true });
  for (const [name, bytes] of contents) await writeFile(join(cache, "packages", cacheName(name, bytes)), bytes);
}

export function cacheName(name: string, bytes: Buffer): string {
  const algorithm = name.startsWith("pool/") ? "sha256" : "sha512";
  return `${algorithm}-${createHash(algorithm).update(bytes).digest("hex")}`;
}

export function ar(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = members.flatMap(([name, bytes]) => [
    Buffer.from(
      `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    Buffer.alloc(bytes.length % 2, "\n"),
  ]);
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}
