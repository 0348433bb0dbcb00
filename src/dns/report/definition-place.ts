import { type Definition, formatPath } from "../../definition";
import type { DefinitionPlace, VerifyFinding } from "./report";

type Path = readonly (string | number)[];

/** Where a path stands in the text of the definition; undefined where there is no such text. */
export type Locate = (path: Path) => { readonly line: number; readonly column: number } | undefined;

/** The parts of a definition that findings are measured by. */
type Placed = Pick<Definition, "domains" | "accessEdge"> & {
  readonly partners?: readonly Pick<Definition["partners"][number], "domain" | "additionalDomains">[];
};

/** Where the definition says what a finding is measured by; null where it says nothing about it. */
export function definitionPlace(
  finding: Pick<VerifyFinding, "id" | "domain">,
  definition: Placed,
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
  { domains, accessEdge, partners = [] }: Placed,
): Path | undefined {
  if (domain === null) return undefined;
  if (id.startsWith("address-") && accessEdge.addresses.length > 0) return ["accessEdge", "addresses"];
  const at = domains.findIndex(({ name }) => name === domain);
  if (at !== -1 && !id.startsWith("edge-")) return ["domains", at, "name"];
  if (id.startsWith("partner-")) {
    const row = partners.findIndex(
      (partner) => partner.domain === domain || partner.additionalDomains.includes(domain),
    );
    return row === -1 ? undefined : ["partners", row, "domain"];
  }
  return domain === accessEdge.fqdn ? ["accessEdge", "fqdn"] : undefined;
}
