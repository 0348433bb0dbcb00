import type { z } from "zod";

type Step = string | number;
type Path = readonly Step[];
type Issue = z.core.$ZodIssue;

/** A value with its unreadable parts taken out, so that the rest can still be checked. */
export interface Salvaged {
  readonly value: unknown;
  /** Translates a path of the salvaged value to one of the original: list entries that went out shift the others. */
  originalPath(path: Path): Path;
  /** False where something at or below the path was taken out, so that defaults stand in for what was meant. */
  isWhole(path: Path): boolean;
}

/** What is taken out of a value: all of it, or parts of its parts. */
interface Cut {
  all: boolean;
  readonly inner: Map<Step, Cut>;
}

const noCut = (): Cut => ({ all: false, inner: new Map() });

/**
 * Takes out what the schema refused: unknown keys, and the smallest list entry or setting around a bad value.
 * Reporting everything at once needs it: one bad port must not hide a duplicate partner.
 * @param wider how many levels more than that, for what is required inside its setting
 */
export function salvage(raw: unknown, issues: readonly Issue[], wider = 0): Salvaged {
  const cuts = noCut();
  const unknownKeys = noCut();
  for (const issue of issues) {
    const path = issue.path.filter((step): step is Step => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) mark(unknownKeys, [...path, key]);
    else mark(cuts, enclosing(path, wider));
  }
  return {
    value: withPlaceholders(without(without(raw, unknownKeys), cuts)),
    originalPath(path) {
      let cut: Cut | undefined = cuts;
      return path.map((step) => {
        const original: Step = typeof step === "number" && cut !== undefined ? originalIndex(cut, step) : step;
        cut = cut?.inner.get(original);
        return original;
      });
    },
    isWhole(path) {
      let cut: Cut | undefined = cuts;
      for (const step of path) {
        if (cut === undefined || cut.all) break;
        cut = cut.inner.get(step);
      }
      return cut === undefined;
    },
  };
}

/** The list entry that holds the bad value, else the setting itself; or that which is `wider` levels around it. */
function enclosing(path: Path, wider: number): Path {
  const entries = path.flatMap((step, index) => (typeof step === "number" ? [index + 1] : [])).reverse();
  const end = entries[wider] ?? (entries.at(-1) ?? path.length + 1) - 1 - (wider - entries.length);
  return path.slice(0, Math.max(1, end));
}

function mark(root: Cut, path: Path): void {
  let here = root;
  for (const step of path) {
    let inner = here.inner.get(step);
    if (inner === undefined) {
      inner = noCut();
      here.inner.set(step, inner);
    }
    here = inner;
  }
  if (here !== root) here.all = true;
}

/** A copy without what is cut; what no cut touches is shared with the original. */
function without(value: unknown, cut: Cut | undefined): unknown {
  if (cut === undefined || cut.inner.size === 0 || typeof value !== "object" || value === null) return value;
  const stays = (step: Step) => cut.inner.get(step)?.all !== true;
  if (Array.isArray(value))
    return value.flatMap((item, index) => (stays(index) ? [without(item, cut.inner.get(index))] : []));
  const entries = Object.entries(value).filter(([key]) => stays(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, without(inner, cut.inner.get(key))]));
}

/** Which entry of the original list stands at an index after the cut. */
function originalIndex(cut: Cut, index: number): number {
  const gone = [...cut.inner].flatMap(([step, inner]) => (typeof step === "number" && inner.all ? [step] : []));
  let original = index;
  for (const one of gone.sort((a, b) => a - b)) if (one <= original) original++;
  return original;
}

/** The required parts, where they are missing: the checks need something to stand on. */
function withPlaceholders(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { name = "placeholder", accessEdge, domains } = value;
  return {
    ...value,
    name,
    accessEdge: isRecord(accessEdge) ? { fqdn: PLACEHOLDER, ...accessEdge } : { fqdn: PLACEHOLDER },
    domains: Array.isArray(domains) && domains.length > 0 ? domains : [{ name: PLACEHOLDER }],
  };
}

/** RFC 6761 section 6.4: exists nowhere. */
const PLACEHOLDER = "placeholder.invalid";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
