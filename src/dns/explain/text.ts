import type { CatalogueEntry } from "./catalogue";

/** All there is to say about a check, for people. */
export function explanationText({ id, severity, what, why, source, remedy, hides }: CatalogueEntry): string {
  const rows: [string, string][] = [
    ["what", what],
    ["why", why],
    ["remedy", remedy],
    ["source", source],
    ["hides", hides.join(", ")],
  ];
  const told = rows.filter(([, text]) => text !== "").map(([name, text]) => `  ${name.padEnd(7)} ${text}\n`);
  return `${id} (${severity})\n${told.join("")}`;
}

/** A line a check. */
export function catalogueText(entries: readonly CatalogueEntry[]): string {
  const widest = Math.max(...entries.map(({ id }) => id.length));
  return entries.map(({ id, severity, what }) => `${id.padEnd(widest)}  ${severity.padEnd(4)}  ${what}\n`).join("");
}
