import type { Definition } from "../../definition";
import { LoadError, type LoadedDefinition, loadDefinition } from "../../load";
import { UsageError } from "../context";
import { findingsText, locatedMessage } from "./findings";

/**
 * Reads a definition that has to be valid, for every command but `check`.
 * @throws UsageError where it cannot be read or is invalid; its errors are written by then
 */
export async function loadValid(path: string, write: (text: string) => void): Promise<Definition> {
  return (await loadValidWithPlaces(path, write)).definition;
}

/** The same, with the way back into the file's text. */
export async function loadValidWithPlaces(
  path: string,
  write: (text: string) => void,
): Promise<LoadedDefinition & { readonly definition: Definition }> {
  const loaded = await loadDefinition(path).catch((error: unknown) => {
    if (error instanceof LoadError) throw new UsageError(locatedMessage(error), error.remedy);
    throw error;
  });
  const { definition, findings, file } = loaded;
  if (definition !== undefined) return { ...loaded, definition };
  const errors = findings.filter((finding) => finding.severity === "error");
  write(findingsText(errors, { file, colour: false }));
  throw new UsageError(
    `${file} is not a valid definition: ${errors.length} ${errors.length === 1 ? "error" : "errors"}`,
    "correct what stands above; `xmpp-edge check` shows the warnings too",
  );
}
