import { describe, expect, test } from "@jest/globals";
import { CATALOGUE, catalogueEntry } from "../../../src/dns";
import { type Check, EDGE_USE_CHECKS, HOST_CHECKS, SRV_CHECKS, type Stages } from "../../../src/dns/checks";
import { unanswered } from "../../../src/dns/unanswered";

const STAGES: readonly Stages<never>[] = [SRV_CHECKS, HOST_CHECKS, EDGE_USE_CHECKS] as never;
const CHECKS: readonly Check<never>[] = STAGES.flat(2);

describe("the catalogue", () => {
  test.each(CHECKS.map(({ id, severity, source }) => ({ id, severity, source })))(
    "has $id as the check has it",
    (check) => {
      expect(catalogueEntry(check.id)).toMatchObject(check);
    },
  );

  test("has whatever is found where nobody answers", () => {
    const codes = ["timeout", "refused", "malformed", "truncated", "aliases"] as const;
    for (const kind of ["resolver", "name-server"] as const)
      for (const code of codes)
        for (const aliased of [true, false]) {
          const { id, severity, source } = unanswered(kind, code, aliased);
          expect(catalogueEntry(id)).toMatchObject({ id, severity, source });
        }
  });

  test("says that a stage hides the later ones", () => {
    for (const stages of STAGES)
      stages.forEach((stage, at) => {
        const later = stages
          .slice(at + 1)
          .flat()
          .map(({ id }) => id);
        for (const { id } of stage) expect(catalogueEntry(id)?.hides).toEqual(expect.arrayContaining(later));
      });
  });

  test("names each check once, and hides only what it knows", () => {
    const ids = CATALOGUE.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { hides } of CATALOGUE) for (const id of hides) expect(ids).toContain(id);
  });
});
