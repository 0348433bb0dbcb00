import { posix } from "node:path";
import { ImageError } from "../image-error";
import { PLATFORM_NAMES, type Platform } from "../platform";
import type { TarEntry } from "../tar/entry";
import { type Elf, readElf } from "./elf";

/**
 * Makes sure that every program and library of a layer is of the platform, and finds its loader and every library that
 * it needs there. An image for a platform that the builder cannot start is known to be whole by this.
 * @throws ImageError closure-incomplete
 */
export function checkLibraryClosure(layer: ReadonlyMap<string, TarEntry>, platform: Platform): void {
  const { elfMachine, triplet } = PLATFORM_NAMES[platform];
  const faults: string[] = [];
  for (const [path, elf] of elvesOf(layer)) {
    if (elf.machine !== elfMachine) faults.push(`${path} is for machine ${elf.machine}, not ${elfMachine}`);
    if (elf.interpreter !== undefined && fileAt(layer, elf.interpreter) === undefined)
      faults.push(`${path} wants the loader ${elf.interpreter}`);
    for (const name of elf.needed)
      if (fileAt(layer, `/usr/lib/${triplet}/${name}`) === undefined) faults.push(`${path} needs ${name}`);
  }
  if (faults.length > 0)
    throw new ImageError(
      "closure-incomplete",
      `the base layer for ${platform} is not whole: ${faults.join("; ").slice(0, 600)}`,
      "every loader and library that its programs name",
      "renew the lock by xmpp-edge image lock --update; if that changes nothing, report it",
    );
}

function* elvesOf(layer: ReadonlyMap<string, TarEntry>): Generator<[string, Elf]> {
  for (const [path, entry] of layer) {
    const elf = entry.type === "file" ? readElf(entry.data) : undefined;
    if (elf !== undefined) yield [path, elf];
  }
}

/** The file at a path, by way of links, as the kernel finds it. */
function fileAt(layer: ReadonlyMap<string, TarEntry>, path: string): TarEntry | undefined {
  let rest = path.split("/").filter((part) => part !== "");
  let at = "";
  for (let links = 0; links < 40; ) {
    const [part, ...after] = rest;
    if (part === undefined) return layer.get(at);
    const next = posix.join(at, part);
    const entry = layer.get(next);
    if (entry?.type === "link") {
      links++;
      const target = entry.target.startsWith("/") ? entry.target : posix.join("/", at, entry.target);
      rest = [...target.split("/").filter((one) => one !== ""), ...after];
      at = "";
      continue;
    }
    at = next;
    rest = after;
  }
  return undefined;
}
