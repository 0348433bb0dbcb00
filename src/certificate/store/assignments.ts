/** Which certificate is live, and which were before: one small file, so that pointer and history never disagree. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readStoreFile } from "./private-file";
import { StoreError } from "./store-error";

/** One change of the live certificate. */
export interface Assignment {
  /** The certificate's id in the store. */
  readonly certificate: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly how: "assign" | "roll-back";
}

/** The file of a store whose replacement switches the live certificate. */
export const assignmentsFile = (directory: string) => join(directory, "assignments.json");

/** Where one certificate, its key and its record are. */
export const certificateFolder = (directory: string, id: string) => join(directory, "certificates", id);

export const CERTIFICATE_FILE = "certificate.pem";
export const KEY_FILE = "key.pem";

/** Ids are names of folders: nothing else may be one. */
export const isId = (text: unknown): text is string =>
  typeof text === "string" && /^\d{8}-\d{6}-[0-9a-f]{8}$/.test(text);

/**
 * Every assignment, oldest first; none in a new store.
 * @throws StoreError `store-damaged`
 */
export function readAssignments(directory: string): readonly Assignment[] {
  const file = assignmentsFile(directory);
  if (!existsSync(file)) return [];
  const damaged = (found: string, cause?: unknown) =>
    new StoreError("store-damaged", `${file}: ${found}`, "assign a certificate again after moving this file away", {
      cause,
    });
  let read: unknown;
  try {
    read = JSON.parse(readStoreFile(file));
  } catch (error) {
    throw damaged("it is not JSON", error);
  }
  const list = (read as { readonly assignments?: unknown } | null)?.assignments;
  if (!Array.isArray(list) || !list.every(isAssignment)) throw damaged("it is not a list of assignments");
  return list;
}

function isAssignment(value: unknown): value is Assignment {
  const { certificate, at, how } = (value ?? {}) as Partial<Assignment>;
  return isId(certificate) && typeof at === "string" && (how === "assign" || how === "roll-back");
}

/**
 * What is live, and under it what was before it: an assignment comes on top, a roll-back takes the top away.
 * So rolling back twice goes two back, and never to and fro.
 */
export function standing(assignments: readonly Assignment[]): readonly string[] {
  const stack: string[] = [];
  for (const { certificate, how } of assignments) {
    if (how === "roll-back") stack.pop();
    else if (stack.at(-1) !== certificate) stack.push(certificate);
  }
  return stack;
}
