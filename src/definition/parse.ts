import { checks } from "./checks";
import { bySeverity, type Finding, formatPath } from "./finding";
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

/** Reads a plain value (from TypeScript, JSON or YAML) as a definition and checks all of it. */
export function parseDefinition(raw: unknown): ParsedDefinition {
  const parsed = definitionSchema.safeParse(raw);
  if (parsed.success) {
    const findings = bySeverity(checks(parsed.data, raw));
    if (findings.some((finding) => finding.severity === "error")) return { findings };
    return { definition: parsed.data, findings };
  }
  const found = shapeFindings(raw, parsed.error.issues);
  const salvaged = salvage(raw, parsed.error.issues);
  const rest = definitionSchema.safeParse(salvaged.value);
  if (rest.success) {
    for (const finding of checks(rest.data, salvaged.value)) {
      const path = salvaged.originalPath(finding.path);
      if (path !== undefined && !finding.id.startsWith("reference-")) found.push({ ...finding, path });
    }
  }
  return { findings: bySeverity(found) };
}

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
