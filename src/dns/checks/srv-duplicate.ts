import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView } from "./check";

/** One server stands in the set twice: those who choose by weight count it twice, and no two agree on its priority. */
export const srvDuplicate: Check<SrvView> = {
  id: "srv-duplicate",
  severity: "warn",
  source: "RFC 2782",
  check: (view) => {
    const twice = duplicates(view);
    return twice.length === 0
      ? undefined
      : { found: `${listed(twice)} more than once`, expected: "each target and port once" };
  },
  remedy: (view) => `keep ${zoneLine(view.expected)} alone of those that name the same target and port`,
};

function duplicates({ records }: SrvView): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { target, port } of records) {
    const place = `${target}:${port}`;
    if (seen.has(place)) twice.add(place);
    seen.add(place);
  }
  return [...twice];
}
