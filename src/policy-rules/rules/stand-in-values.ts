import type { Plan, PlannedResource, PlanValue } from "../plan";
import type { PlanRule } from "../rule";

/** The stand-in's account, and the documentation's ranges (RFC 5737, RFC 3849) that its addresses are out of. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/(?<!\d)123456789012(?!\d)/, "account 123456789012"],
  [/(?<![\d.])203\.0\.113\.\d{1,3}(?![\d.])/, "an address of 203.0.113.0/24"],
  [/(?<![0-9a-f:])2001:0?db8:/i, "an address of 2001:db8::/32"],
];

export const standInValues: PlanRule = {
  id: "stand-in-values",
  severity: "error",
  title: "values of the stand-in for AWS are in no state that is used",
  remedy: "this state was written by a trial without a cloud: start with an empty one, or point the backend elsewhere",
  check: ({ resources, outputs, backend, standIn }: Plan) => {
    // In a trial its values belong there, as long as nobody else can reach the state.
    if (standIn ? backend !== "remote" : backend === "local") return [];
    const marked = resources
      .filter(({ mode }) => mode === "managed")
      .flatMap(({ address, before }: PlannedResource) => marksIn(before ?? null).map((found) => ({ address, found })));
    const isMarker = outputs.standin === true || outputs.standin === "true";
    return [...marked, ...(isMarker ? [{ address: "output.standin", found: "the stand-in's marker" }] : [])].map(
      (violation) => ({ ...violation, expected: "values of AWS" }),
    );
  },
};

function marksIn(value: PlanValue): string[] {
  const text = JSON.stringify(value);
  return MARKS.filter(([pattern]) => pattern.test(text)).map(([, name]) => name);
}
