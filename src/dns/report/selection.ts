import type { CatalogueEntry } from "../explain/catalogue";
import type { VerifyFinding } from "./report";

/** Which checks count. */
export interface Selection {
  /** These alone; undefined: all. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/**
 * The findings that count. A gate must not open because nothing is known, so what could not be found out always
 * counts; so does, under `only`, a fault that hides the wanted ones: where no record is, its port cannot be wrong.
 */
export function selected(
  findings: readonly VerifyFinding[],
  { only, skip = [] }: Selection,
  entryOf: (id: string) => CatalogueEntry | undefined,
): VerifyFinding[] {
  const wanted = ({ id }: VerifyFinding) =>
    only === undefined || only.includes(id) || (entryOf(id)?.hides ?? []).some((hidden) => only.includes(hidden));
  return findings.filter((finding) => finding.verdict === "unknown" || (wanted(finding) && !skip.includes(finding.id)));
}
