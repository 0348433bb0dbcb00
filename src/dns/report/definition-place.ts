import { type Definition, formatPath } from "../../definition";
import type { DefinitionPlace, VerifyFinding } from "./report";

type Path = readonly (string | number)[];

/** Where a path stands in the text of the definition; undefined where there is no such text. */
export type Locate = (path: Path) => { readonly line: number; readonly column: number } | undefined;

/** Where the definition says what a finding is measured by; null where it says nothing about it. */
export function definitionPlace(
  finding: Pick<VerifyFinding, "id" | "domain">,
  definition: Pick<Definition, "domains" | "accessEdge">,
  locate: Locate,
): DefinitionPlace | null {
  const path = pathOf(finding, definition);
  return path === undefined ? null : placeOf(path, locate);
}

export function placeOf(path: Path, locate: Locate): DefinitionPlace {
  const { line, column } = locate(path) ?? { line: null, column: null };
  return { path: formatPath(path), line, column };
}

function pathOf(
  { id, domain }: Pick<VerifyFinding, "id" | "domain">,
  { domains, accessEdge }: Pick<Definition, "domains" | "accessEdge">,
): Path | undefined {
  if (domain === null) return undefined;
  if (id.startsWith("address-") && accessEdge.addresses.length > 0) return ["accessEdge", "addresses"];
  const at = domains.findIndex(({ name }) => name === domain);
  if (at !== -1 && !id.startsWith("edge-")) return ["domains", at, "name"];
  return domain === accessEdge.fqdn ? ["accessEdge", "fqdn"] : undefined;
}
