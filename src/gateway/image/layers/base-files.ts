import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { ImageError } from "../image-error";
import { AUTHORITIES_PACKAGE, type ImageLock } from "../lock/lock";
import { readDeb } from "../packages/deb";
import type { PackageCache } from "../packages/package-cache";
import { PLATFORM_NAMES, type Platform } from "../platform";
import { file, link, type TarEntry } from "../tar/entry";
import { gunzipped } from "../tar/gunzipped";
import { readTar } from "../tar/read";
import { allEnded } from "./all-ended";

/** Who runs in the image; also what EdgeHost's volume belongs to. */
export const RUN_USER = 10001;
export const STATE_FOLDER = "var/lib/xmpp-edge";
export const AUTHORITIES_FILE = "etc/ssl/certs/ca-certificates.crt";
export const NODE_FILE = "usr/local/bin/node";

/** What Node 26 loads, and what libc loads by itself to look up names. */
const LIBRARIES = /^(ld-linux-.*|lib(c|m|dl|pthread|rt|resolv|nss_dns|nss_files|stdc\+\+|gcc_s|atomic)\.so.*)$/;
const AUTHORITY = /^usr\/share\/ca-certificates\/.+\.crt$/;

/**
 * The files of the base layer: Node, its libraries, the authorities, the user.
 * @param stop ends the fetching of the others when one package cannot be had
 */
export async function baseFiles(
  lock: ImageLock,
  platform: Platform,
  packages: PackageCache,
  stop: () => void,
): Promise<Map<string, TarEntry>> {
  const { node, debian } = lock.platforms[platform];
  const { triplet } = PLATFORM_NAMES[platform];
  // Each is unpacked as it comes: Node, by far the largest, is still on its way then.
  const unpackedNode = packages.node(node).then(nodeFilesOf);
  const unpackedDebs = debian.map(async (locked) => {
    const archive = await readFile(await packages.debian(locked));
    return { locked, ...(await readDeb(archive, (path) => isWanted(path, triplet))) };
  });
  await allEnded<unknown>([unpackedNode, ...unpackedDebs], stop);
  const nodeFiles = await unpackedNode;
  const debs = await Promise.all(unpackedDebs);
  const layer = new Map<string, TarEntry>([...nodeFiles, ...skeleton(lock)]);
  for (const { locked, control, files } of debs) {
    for (const [path, entry] of files) if (!AUTHORITY.test(path)) layer.set(merged(path), entry);
    if (locked.package === AUTHORITIES_PACKAGE) layer.set(AUTHORITIES_FILE, file(authorities(files)));
    // Where scanners of images look for Debian packages without dpkg.
    layer.set(`var/lib/dpkg/status.d/${locked.package}`, file(control));
  }
  return layer;
}

/** What no package brings. */
function skeleton({ debian }: ImageLock): [string, TarEntry][] {
  const { release, versionId } = debian;
  const release_ = `PRETTY_NAME="xmpp-edge on Debian GNU/Linux ${versionId} (${release})"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="${versionId}"\nVERSION_CODENAME=${release}\n`;
  return [
    ["lib", link("usr/lib")], // a merged /usr: where the loader's path and the libraries meet
    ["lib64", link("usr/lib64")],
    [
      "etc/passwd",
      file(`root:x:0:0::/:/sbin/nologin\nedge:x:${RUN_USER}:${RUN_USER}::/${STATE_FOLDER}:/sbin/nologin\n`),
    ],
    ["etc/group", file(`root:x:0:\nedge:x:${RUN_USER}:\n`)],
    ["etc/nsswitch.conf", file("hosts: files dns\n")],
    ["etc/os-release", file(release_)],
    ["tmp", { type: "directory", mode: 0o1777 }],
    [STATE_FOLDER, { type: "directory", mode: 0o700, owner: RUN_USER }],
  ];
}

function isWanted(path: string, triplet: string): boolean {
  if (AUTHORITY.test(path) || /^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) return true;
  const at = merged(path);
  const name = at.split("/").pop()!;
  const isLibrary = at === `usr/lib/${triplet}/${name}` || at === `usr/lib/${name}` || at === `usr/lib64/${name}`;
  return isLibrary && LIBRARIES.test(name);
}

const merged = (path: string) => path.replace(/^(lib|lib64)\//, "usr/$1/");

/** `update-ca-certificates` is a maintainer script, which nobody runs here: the bundle is put together in its order. */
function authorities(files: ReadonlyMap<string, TarEntry>): Buffer {
  const found = [...files].filter(([path]) => AUTHORITY.test(path)).sort(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.concat(found.map(([, entry]) => (entry.type === "file" ? entry.data : Buffer.alloc(0))));
}

async function nodeFilesOf(archive: string): Promise<Map<string, TarEntry>> {
  const places = new Map([
    ["package/bin/node", { path: NODE_FILE, mode: 0o755 }],
    ["package/LICENSE", { path: "usr/share/doc/node/LICENSE", mode: 0o644 }],
  ]);
  const found = new Map<string, TarEntry>();
  const unpacked = gunzipped(createReadStream(archive));
  try {
    for await (const { path, entry } of readTar(unpacked, (path) => places.has(path))) {
      const place = places.get(path);
      if (place !== undefined && entry.type === "file") found.set(place.path, file(entry.data, place.mode));
    }
  } finally {
    unpacked.destroy();
  }
  if (!found.has(NODE_FILE))
    throw new ImageError(
      "archive-invalid",
      `${archive} holds no package/bin/node`,
      "the npm package with Node's program",
      "renew the lock by xmpp-edge image lock --update",
    );
  return found;
}
