import type { TarEntry } from "../tar/entry";

/** Something that an image of ours must not hold. */
export interface Unwanted {
  readonly id: "private-key" | "shell" | "package-manager" | "set-id" | "world-writable";
  readonly path: string;
}

const SHELLS = /^(ba|da|z|c|tc|k|fi|a)?sh$|^busybox$|^toybox$/;
const PACKAGE_MANAGERS =
  /^(apt|apt-get|apt-cache|aptitude|dpkg|dpkg-deb|rpm|yum|dnf|microdnf|apk|npm|npx|yarn|pnpm|corepack|pip3?)$/;
// The mark alone stands in every program that reads keys; with Base64 after it, it is one.
const KEY_MARK = Buffer.from("PRIVATE KEY-----");
const KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+(?:[A-Za-z-]+: .*\s+)*[A-Za-z0-9+/=\s]{40,}/;
const AROUND = 200;

/** What is unwanted at a path of an image. */
export function* unwantedAt(path: string, entry: TarEntry): Generator<Unwanted> {
  const name = path.split("/").pop()!;
  if (entry.type !== "directory") {
    if (SHELLS.test(name)) yield { id: "shell", path };
    if (PACKAGE_MANAGERS.test(name)) yield { id: "package-manager", path };
  }
  if (entry.type === "link") return;
  const mode = entry.mode ?? 0;
  if (entry.type === "file" && (mode & 0o6000) !== 0) yield { id: "set-id", path };
  if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) yield { id: "world-writable", path };
  if (entry.type === "file" && holdsKey(entry.data)) yield { id: "private-key", path };
}

function holdsKey(data: Buffer): boolean {
  for (let at = data.indexOf(KEY_MARK); at >= 0; at = data.indexOf(KEY_MARK, at + 1))
    if (KEY.test(data.toString("latin1", Math.max(0, at - 40), at + KEY_MARK.length + AROUND))) return true;
  return false;
}
