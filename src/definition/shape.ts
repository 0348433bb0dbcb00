import type { z } from "zod";
import { didYouMean } from "./did-you-mean";
import type { Finding } from "./finding";
import { keysAt } from "./json-schema";

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** What stands at a path of a plain value; undefined where nothing does. */
export function valueAt(root: unknown, path: Path): unknown {
  let here = root;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/** The schema's issues as findings: path, value, rule, remedy. */
export function shapeFindings(raw: unknown, issues: readonly Issue[]): Finding[] {
  return issues.flatMap((issue) => findingsOf(raw, issue));
}

function findingsOf(raw: unknown, issue: Issue): Finding[] {
  const path = issue.path.filter((step): step is string | number => typeof step !== "symbol");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(raw, path, key));
  const value = valueAt(raw, path);
  const at = { severity: "error" as const, path, ...(value === undefined ? {} : { value }) };
  if (value === undefined) {
    const name = String(path.at(-1) ?? "the definition");
    return [{ ...at, id: "required", rule: `${name} is required`, remedy: `add ${name}: ${expectation(issue)}` }];
  }
  if (issue.code === "invalid_value" || (issue.code === "invalid_union" && "options" in issue)) {
    const options = (issue.code === "invalid_value" ? issue.values : (issue.options as readonly unknown[])).map(String);
    const near = typeof value === "string" ? didYouMean(value, options) : undefined;
    return [
      {
        ...at,
        id: "value-unknown",
        rule: `must be one of ${options.join(", ")}`,
        remedy: near === undefined ? `write one of ${options.join(", ")}` : `did you mean ${near}?`,
      },
    ];
  }
  const id =
    issue.code === "invalid_type" ? "type-wrong" : issue.code === "custom" ? "value-invalid" : "value-out-of-range";
  return [
    {
      ...at,
      id,
      rule: expectation(issue),
      remedy: `write ${expectation(issue).replace(/^must be |^not /, (start) => (start === "not " ? "something other than " : ""))}`,
    },
  ].map((finding) => (issue.code === "custom" ? { ...finding, remedy: "correct the value" } : finding));
}

function unknownKey(raw: unknown, path: Path, key: string): Finding {
  const known = keysAt(path);
  const near = didYouMean(key, known);
  return {
    severity: "error",
    id: "key-unknown",
    path: [...path, key],
    value: valueAt(raw, [...path, key]),
    rule: "unknown keys are refused, so that a slip is not taken for a setting",
    remedy: near === undefined ? `remove it; known here: ${known.join(", ")}` : `did you mean ${near}?`,
  };
}

/** What the schema wants, in words. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${article(issue.expected)}`;
    case "too_small":
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_value":
      return `must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return issue.message.startsWith("Invalid") ? `must be a valid ${issue.format}` : `must be ${issue.message}`;
    case "invalid_union":
      return "must be one of the alternatives: give a known kind";
    default:
      return issue.message;
  }
}

const article = (type: string) => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" || origin === "set" ? " entries" : "";
}
