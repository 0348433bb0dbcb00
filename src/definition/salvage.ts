import type { z } from "zod";

type Step = string | number;

/** A value with its unreadable parts taken out, so that the rest can still be checked. */
export interface Salvaged {
  readonly value: unknown;
  /** Translates a path of the salvaged value to one of the original; undefined where it touches what was taken out. */
  readonly originalPath: (path: readonly Step[]) => readonly Step[] | undefined;
}

const TAKEN_OUT = Symbol("taken out");

/**
 * Takes out what the schema refused: unknown keys, and the smallest list entry or setting around a bad value.
 * Reporting everything at once needs it: one bad port must not hide a duplicate partner.
 */
export function salvage(raw: unknown, issues: readonly z.core.$ZodIssue[]): Salvaged {
  const value: unknown = structuredClone(raw);
  const touched = new Set<string>();
  for (const issue of issues) {
    const path = issue.path.filter((step): step is Step => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") {
      const parent = container(value, path);
      for (const key of issue.keys) if (parent !== undefined) delete parent[key];
      continue;
    }
    const upTo = path.findLastIndex((step) => typeof step === "number");
    const cut = upTo >= 0 ? path.slice(0, upTo + 1) : path;
    const parent = container(value, cut.slice(0, -1));
    const last = cut.at(-1);
    if (parent === undefined || last === undefined) continue;
    touched.add(JSON.stringify(upTo >= 0 ? cut.slice(0, -1) : cut));
    if (typeof last === "number") parent[last] = TAKEN_OUT;
    else delete parent[last];
  }
  const indices = new Map<string, number[]>();
  return {
    value: withPlaceholders(compact(value, [], indices), touched),
    originalPath(path) {
      const original: Step[] = [];
      const seen: Step[] = [];
      for (const step of path) {
        original.push(typeof step === "number" ? (indices.get(JSON.stringify(seen))?.[step] ?? step) : step);
        seen.push(step);
        if (typeof step === "string" && touched.has(JSON.stringify(seen)) && !indices.has(JSON.stringify(seen)))
          return undefined;
      }
      return original;
    },
  };
}

function container(root: unknown, path: readonly Step[]): Record<Step, unknown> | undefined {
  let here = root;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<Step, unknown>)[step];
  }
  return typeof here === "object" && here !== null ? (here as Record<Step, unknown>) : undefined;
}

function compact(value: unknown, path: Step[], indices: Map<string, number[]>): unknown {
  if (Array.isArray(value)) {
    const kept = value.map((_, index) => index).filter((index) => value[index] !== TAKEN_OUT);
    if (kept.length < value.length) indices.set(JSON.stringify(path), kept);
    return kept.map((index, at) => compact(value[index], [...path, at], indices));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, compact(inner, [...path, key], indices)]),
  );
}

/** The three required parts, where they are missing: the checks need something to stand on. */
function withPlaceholders(value: unknown, touched: Set<string>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const root = value as Record<string, unknown>;
  const need = (path: string, key: string, holder: Record<string, unknown>, stand: unknown) => {
    if (holder[key] !== undefined && !(Array.isArray(holder[key]) && holder[key].length === 0)) return;
    holder[key] = stand;
    touched.add(path);
  };
  need('["name"]', "name", root, "placeholder");
  need('["accessEdge"]', "accessEdge", root, { fqdn: "placeholder.invalid" });
  if (typeof root.accessEdge === "object" && root.accessEdge !== null)
    need('["accessEdge","fqdn"]', "fqdn", root.accessEdge as Record<string, unknown>, "placeholder.invalid");
  need('["domains"]', "domains", root, [{ name: "placeholder.invalid" }]);
  return root;
}
