import { checks } from "./checks";
import { bySeverity, type Finding, formatPath } from "./finding";
import { nestingFinding } from "./nesting";
import { salvage } from "./salvage";
import { type Definition, definitionSchema, type EdgeInput } from "./schema";
import { shapeFindings } from "./shape";

/** The outcome of reading a plain value as a definition. */
export interface ParsedDefinition {
  /** Present where no finding is an error. */
  readonly definition?: Definition;
  /** Everything found, errors first. */
  readonly findings: readonly Finding[];
}

/** A definition that does not hold; `issues` has everything that was found wrong. */
export class DefinitionError extends Error {
  readonly code = "definition-invalid";
  constructor(readonly issues: readonly Finding[]) {
    const errors = issues.filter((issue) => issue.severity === "error");
    super(
      `the definition has ${errors.length} ${errors.length === 1 ? "error" : "errors"}:\n${errors
        .map((issue) => `  ${formatPath(issue.path)}: ${issue.rule}; ${issue.remedy}`)
        .join("\n")}`,
    );
    this.name = "DefinitionError";
  }
}

/** Reads a plain value (from TypeScript, JSON or YAML) as a definition and checks all of it. Never throws. */
export function parseDefinition(raw: unknown): ParsedDefinition {
  const tooDeep = nestingFinding(raw);
  if (tooDeep !== undefined) return { findings: [tooDeep] };
  const parsed = definitionSchema.safeParse(raw);
  if (!parsed.success) {
    const { issues } = parsed.error;
    return { findings: bySeverity([...shapeFindings(raw, issues), ...findingsBeside(raw, issues)]) };
  }
  const findings = bySeverity(checks(parsed.data, raw));
  if (findings.some((finding) => finding.severity === "error")) return { findings };
  return { definition: parsed.data, findings };
}

type Issues = Parameters<typeof shapeFindings>[1];

/** How far out parts are taken until the rest holds; settings are nested no deeper. */
const WIDEST = 3;

/** What the checks find in a definition whose shape is wrong somewhere: in the parts that could be read. */
function findingsBeside(raw: unknown, issues: Issues): Finding[] {
  for (let wider = 0; wider <= WIDEST; wider++) {
    const rest = salvage(raw, issues, wider);
    const parsed = definitionSchema.safeParse(rest.value);
    if (!parsed.success) continue;
    return checks(parsed.data, rest.value).flatMap((finding) => {
      const path = rest.originalPath(finding.path);
      const standsOn = [settingAround(path), ...(STANDS_ON[finding.id] ?? [])];
      return standsOn.every((part) => rest.isWhole(part)) ? [{ ...finding, path }] : [];
    });
  }
  return [];
}

/** The setting a finding is about. A list entry is read whole or not at all, so it vouches for itself. */
function settingAround(path: Finding["path"]): Finding["path"] {
  const entry = path.findLastIndex((step) => typeof step === "number");
  if (entry >= 0) return path.slice(0, entry + 1);
  return path.length > 1 ? path.slice(0, -1) : path;
}

/** Findings that depend on parts of the definition elsewhere: without those they would accuse the innocent. */
const STANDS_ON: Readonly<Record<string, readonly Finding["path"][]>> = {
  "user-not-local": [["domains"]],
  "reference-local-domain": [["domains"]],
  "reference-policy": [["accessPolicies"]],
  "reference-site": [["sites"]],
  "user-survivable-branch": [["sites"], ["accessPolicies"]],
  "connection-limit-low": [["domains"], ["gateway"]],
  "certificate-name-derived": [["domains"], ["accessEdge"], ["internal"]],
};

/**
 * Types and checks a definition written in TypeScript.
 * @throws DefinitionError with every problem at once
 */
export function defineEdge(input: EdgeInput): Definition {
  const { definition, findings } = parseDefinition(input);
  if (definition === undefined) throw new DefinitionError(findings);
  Object.defineProperty(definition, WRITTEN, { value: input });
  return definition;
}

/** Shared by all copies of this module in a process: the loader and a user's file may hold different ones. */
const WRITTEN = Symbol.for("xmpp-edge.definition.written");

/** What was written, before defaults; the value itself where it did not come from `defineEdge`. */
export function asWritten(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return (value as { [WRITTEN]?: unknown })[WRITTEN] ?? value;
}
