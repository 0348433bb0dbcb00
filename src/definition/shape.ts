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
  const suggestions = new Map<string, string>(); // a generated file repeats its slip with every partner
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step): step is string | number => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(raw, path, key, suggestions));
    const value = valueAt(raw, path);
    return [value === undefined ? missing(path, issue) : wrong(path, value, issue)];
  });
}

function unknownKey(raw: unknown, path: Path, key: string, suggestions: Map<string, string>): Finding {
  const place = `${path.filter((step) => typeof step === "string").join(".")}\n${key}`;
  const remedy = suggestions.get(place) ?? suggestion(path, key);
  suggestions.set(place, remedy);
  return {
    severity: "error",
    id: "key-unknown",
    path: [...path, key],
    value: valueAt(raw, [...path, key]),
    rule: "unknown keys are refused, so that a slip is not taken for a setting",
    remedy,
  };
}

function suggestion(path: Path, key: string): string {
  const known = keysAt(path);
  const near = didYouMean(key, known);
  return near === undefined ? `remove it; known here: ${known.join(", ")}` : `did you mean ${near}?`;
}

function missing(path: Path, issue: Issue): Finding {
  const name = String(path.at(-1) ?? "the definition");
  return {
    severity: "error",
    id: "required",
    path,
    rule: `${name} is required`,
    remedy: `add ${name}: ${expected(issue)}`,
  };
}

function wrong(path: Path, value: unknown, issue: Issue): Finding {
  const at = { severity: "error" as const, path, value };
  const options = optionsOf(issue);
  if (options !== undefined) {
    const near = typeof value === "string" ? didYouMean(value, options) : undefined;
    const remedy = near === undefined ? `write one of ${options.join(", ")}` : `did you mean ${near}?`;
    return { ...at, id: "value-unknown", rule: `must be one of ${options.join(", ")}`, remedy };
  }
  // Our own readers of names and addresses say what the value is not, and why.
  if (issue.code === "custom") {
    const [, wanted = "what is wanted there"] = /^not (.+?)(?:: |$)/.exec(issue.message) ?? [];
    return { ...at, id: "value-invalid", rule: `is ${issue.message}`, remedy: `write ${wanted}` };
  }
  const id = issue.code === "invalid_type" ? "type-wrong" : "value-out-of-range";
  return { ...at, id, rule: `must be ${expected(issue)}`, remedy: `write ${expected(issue)}` };
}

/** The words of which one has to stand there: an enumeration, or the kinds of a discriminated union. */
function optionsOf(issue: Issue): string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options))
    return issue.options.filter((option) => option !== undefined).map(String);
  return undefined;
}

/** What the schema wants, as a noun. */
function expected(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "too_small":
      return bounded(issue.origin, "at least", Number(issue.minimum));
    case "too_big":
      return bounded(issue.origin, "at most", Number(issue.maximum));
    case "invalid_format":
      return issue.message.startsWith("Invalid") ? `a valid ${issue.format.toUpperCase()}` : issue.message;
    default:
      return optionsOf(issue)?.join(" or ") ?? issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a text",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

function bounded(origin: string, bound: "at least" | "at most", limit: number): string {
  const plural = limit === 1 ? "" : "s";
  if (origin === "string") return `a text of ${bound} ${limit} character${plural}`;
  if (origin === "array") return `a list of ${bound} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `${bound} ${limit}`;
}
