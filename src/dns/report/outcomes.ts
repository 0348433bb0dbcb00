import type { CatalogueEntry } from "../explain/catalogue";
import { type Verdict, type VerifyFinding, type VerifyReport, worst } from "./report";

/** How one check went for one domain, or for the Access Edge. */
export interface Outcome {
  readonly check: string;
  /** `skipped`: it said nothing, because another finding hides it or its answer is not known. */
  readonly result: Verdict | "skipped";
  /** What it found; empty unless it found something. */
  readonly findings: readonly VerifyFinding[];
}

/** The checks that were made, by the domain they were made for; null gathers what is about servers alone. */
export function outcomes(
  { findings, domains, checks = [] }: VerifyReport,
  catalogue: readonly CatalogueEntry[],
): ReadonlyMap<string | null, readonly Outcome[]> {
  const made = catalogue.filter(({ id }) => checks.includes(id));
  const names = domains.map(({ domain }) => domain);
  const edges = findings.flatMap(({ domain }) => (domain !== null && !names.includes(domain) ? [domain] : []));
  const subjects = [
    ...names.map((name) => ({ name, scopes: ["domain"] })),
    ...[...new Set(edges)].map((name) => ({ name, scopes: ["edge"] })),
    { name: null, scopes: [] as string[] },
  ];
  return new Map(
    subjects.flatMap(({ name, scopes }) => {
      const own = findings.filter(({ domain }) => domain === name);
      const expected = made.filter(({ scope }) => scopes.includes(scope)).map(({ id }) => id);
      const ids = [...new Set([...expected, ...own.map(({ id }) => id)])];
      if (ids.length === 0) return [];
      const hidden = new Set(
        catalogue.filter(({ id }) => own.some((one) => one.id === id)).flatMap((one) => one.hides),
      );
      const isKnown = !own.some(({ verdict }) => verdict === "unknown");
      return [[name, ids.map((check) => outcome(check, own, isKnown && !hidden.has(check)))] as const];
    }),
  );
}

function outcome(check: string, own: readonly VerifyFinding[], isSaid: boolean): Outcome {
  const findings = own.filter(({ id }) => id === check);
  if (findings.length === 0) return { check, result: isSaid ? "pass" : "skipped", findings };
  return { check, result: worst(findings.map(({ verdict }) => verdict)), findings };
}
