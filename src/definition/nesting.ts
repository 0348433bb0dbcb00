import type { Finding } from "./finding";

/** A definition is some six levels deep. */
const MAXIMUM_DEPTH = 32;

/**
 * What nests without end (a cycle in a TypeScript value, say) would exhaust the stack of every reader after this.
 */
export function nestingFinding(raw: unknown): Finding | undefined {
  const path = tooDeep(raw, 0, new Map());
  if (path === undefined) return undefined;
  return {
    severity: "error",
    id: "nesting-deep",
    path: path.slice(0, 8),
    rule: `nests more than ${MAXIMUM_DEPTH} levels deep`,
    remedy: "a definition is some six levels deep: remove what does not belong into it",
  };
}

/** The path to what is too deep. Each object is looked at once a depth, so that shared ones do not multiply. */
function tooDeep(value: unknown, depth: number, seen: Map<object, number>): (string | number)[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAXIMUM_DEPTH) return [];
  const before = seen.get(value);
  if (before !== undefined && before >= depth) return undefined;
  seen.set(value, depth);
  for (const key of Object.keys(value)) {
    const inner = tooDeep((value as Record<string, unknown>)[key], depth + 1, seen);
    if (inner !== undefined) return [Array.isArray(value) ? Number(key) : key, ...inner];
  }
  return undefined;
}
