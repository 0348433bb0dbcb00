import { type Finding, type Path, ProviderError } from "../protocol/provider";
import { isList, isUnknown, type ObjectValue, type Value } from "../protocol/value";

// Reading a configuration: Terraform has checked the types by its schema; an attribute may be null, and before apply
// unknown.

export const textOf = (value: Value | undefined): string | undefined => (typeof value === "string" ? value : undefined);

export const flagOf = (value: Value | undefined): boolean => value === true;

export const textsOf = (value: Value | undefined): string[] | undefined =>
  isList(value) ? value.flatMap((element) => (typeof element === "string" ? [element] : [])) : undefined;

export const numberOf = (value: Value | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;

/** A string that has to be there by now. */
export function requiredText(object: ObjectValue, name: string): string {
  const value = textOf(object[name]);
  if (value === undefined)
    throw new ProviderError(`${name} has no value`, "Terraform applies known values only.", [name]);
  return value;
}

/** What is wrong with a value, if it is known. */
export type Rule = (value: Value) => Omit<Finding, "severity" | "path"> | undefined;

/** A rule for a string: what a pattern or function accepts. */
export const text =
  (accepts: (value: string) => boolean, expected: string): Rule =>
  (value) =>
    typeof value !== "string" || accepts(value)
      ? undefined
      : { summary: `not ${expected}`, detail: `Found ${JSON.stringify(value.slice(0, 256))}.` };

/** Findings of rules by attribute; in a list each element is judged, and named by its place. */
export function findingsOf(config: ObjectValue, rules: { readonly [attribute: string]: Rule }): Finding[] {
  return Object.entries(rules).flatMap(([name, rule]) => judge(config[name] ?? null, [name], rule));
}

function judge(value: Value, path: Path, rule: Rule): Finding[] {
  if (value === null || isUnknown(value)) return [];
  if (isList(value)) return value.flatMap((element, at) => judge(element, [...path, at], rule));
  const found = rule(value);
  return found === undefined ? [] : [{ severity: "error", ...found, path }];
}

/**
 * The same rules once every value is known: what was unknown at plan has been judged by nobody yet.
 * @throws ProviderError with the first finding
 */
export function refuseInvalid(config: ObjectValue, rules: { readonly [attribute: string]: Rule }): void {
  const [finding] = findingsOf(config, rules);
  if (finding !== undefined) throw new ProviderError(finding.summary, finding.detail, finding.path);
}
