import type { Finding } from "./finding";

/** A definition is some six levels deep. */
const MAXIMUM_DEPTH = 32;

/**
 * What nests without end (a cycle in a TypeScript value, say) would exhaust the stack of every reader after this.
 * Each object is looked at once a depth, so that shared ones do not multiply.
 */
export function nestingFinding(raw: unknown): Finding | undefined {
  const deepest = new Map<object, number>();
  const waiting: { value: unknown; path: (string | number)[] }[] = [{ value: raw, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value !== "object" || value === null) continue;
    if (path.length >= MAXIMUM_DEPTH)
      return {
        severity: "error",
        id: "nesting-deep",
        path: path.slice(0, 8),
        rule: `nests more than ${MAXIMUM_DEPTH} levels deep`,
        remedy: "a definition is some six levels deep: remove what does not belong into it",
      };
    if ((deepest.get(value) ?? -1) >= path.length) continue;
    deepest.set(value, path.length);
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value))
      if (typeof inner === "object" && inner !== null)
        waiting.push({ value: inner, path: [...path, isList ? Number(key) : key] });
  }
  return undefined;
}
