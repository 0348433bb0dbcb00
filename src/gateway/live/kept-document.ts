import { createHash } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log";
import type { Offer } from "./judge-offer";

/** The last document that ran, in the state directory: a line about it, then its text. */
const FILE = "last-document.json";
const FORMAT = "xmpp-edge-last-document";

/** A document's text with where it comes from. */
export type KeptDocument = Omit<Offer, "document"> & { readonly text: string };

/** Names a text. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Keeps the last good document for a start that finds none. Whole or not at all, and readable to nobody else. */
export async function keepDocument(directory: string, { text, ...origin }: KeptDocument): Promise<void> {
  const path = join(directory, FILE);
  // One name: what a killed process left is written over, not added to. One gateway alone has the directory.
  const temporary = `${path}.new`;
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ format: FORMAT, ...origin })}\n${text}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What was kept; undefined where there is nothing, or nothing that is whole: that is logged. */
export async function keptDocument(directory: string, log: Log): Promise<KeptDocument | undefined> {
  const path = join(directory, FILE);
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") log.warn("last-document-unreadable", { path, reason: message });
    return undefined;
  }
  const end = content.indexOf("\n");
  const text = content.slice(end + 1);
  const origin = readOrigin(content.slice(0, Math.max(0, end)));
  if (origin !== undefined && digestOf(text) === origin.digest) return { ...origin, text };
  log.warn("last-document-damaged", { path, remedy: "remove it: it is written anew" });
  return undefined;
}

function readOrigin(line: string): Omit<KeptDocument, "text"> | undefined {
  try {
    const { format, digest, source, at, version } = JSON.parse(line) as Record<string, unknown>;
    if (format !== FORMAT || typeof digest !== "string" || typeof source !== "string") return undefined;
    return {
      digest,
      source,
      ...(typeof at === "number" ? { at } : {}),
      ...(typeof version === "string" ? { version } : {}),
    };
  } catch {
    return undefined;
  }
}
