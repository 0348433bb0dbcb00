/** What a check of the definition found. An `error` makes the definition invalid; the others inform. */
export interface Finding {
  readonly severity: "error" | "warning" | "info";
  /** Stable id of the rule; never renamed. */
  readonly id: string;
  /** Where in the definition: keys and list positions from the root. */
  readonly path: readonly (string | number)[];
  /** The value found there; absent where the value is missing. */
  readonly value?: unknown;
  /** The rule in words. */
  readonly rule: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The document and section the rule comes from. */
  readonly source?: string;
}

/** A path as people write it: `partners[3].tlsNegotiation`. The root is `(root)`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text === "" ? "(root)" : text;
}

/** Errors first, then warnings, then information; within one severity the order found. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  const rank = { error: 0, warning: 1, info: 2 };
  return [...findings].sort((a, b) => rank[a.severity] - rank[b.severity]);
}
