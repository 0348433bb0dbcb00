import { type Definition, type EdgeInput, type Finding, formatPath, parseDefinition } from "../../src/definition";

/** The least that is a definition. */
export const least = {
  name: "contoso",
  accessEdge: { fqdn: "edge.contoso.example" },
  domains: [{ name: "contoso.example" }],
} satisfies EdgeInput;

export type PartnerInput = NonNullable<EdgeInput["partners"]>[number];

export const withPartners = (...partners: PartnerInput[]): EdgeInput => ({ ...least, partners });

/** A definition that has to be valid. */
export function valid(input: EdgeInput = least): Definition {
  const { definition, findings } = parseDefinition(input);
  if (definition === undefined) throw new Error(`not valid: ${JSON.stringify(findings)}`);
  return definition;
}

/** Severity, rule and place of everything found, one line each. */
export function found(input: unknown): string[] {
  return parseDefinition(input).findings.map(line);
}

export const line = (finding: Finding): string => `${finding.severity} ${finding.id} ${formatPath(finding.path)}`;
