import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { declaresNoService, MAX_TARGETS, orderTargets, type SrvAnswer } from "../../../src/dns/resolver";

const srv = (target: string, priority: number, weight: number): SrvAnswer => ({ target, priority, weight, port: 5269 });

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("the order of targets", () => {
  test("goes by priority, the lowest first", () => {
    const answers = [srv("c", 30, 0), srv("a", 0, 0), srv("b", 10, 65_535)];
    expect(orderTargets(answers, seeded(1)).map(({ target }) => target)).toEqual(["a", "b", "c"]);
  });

  test("within a priority is drawn in proportion to the weights", () => {
    const random = seeded(2);
    const answers = [srv("ten", 0, 10), srv("thirty", 0, 30), srv("sixty", 0, 60)];
    const firsts = { ten: 0, thirty: 0, sixty: 0 };
    const runs = 20_000;
    for (let i = 0; i < runs; i++) firsts[orderTargets(answers, random)[0]!.target as keyof typeof firsts]++;
    expect(firsts.ten / runs).toBeCloseTo(0.1, 2);
    expect(firsts.thirty / runs).toBeCloseTo(0.3, 2);
    expect(firsts.sixty / runs).toBeCloseTo(0.6, 2);
  });

  test("gives weight 0 a very small chance beside weights above 0", () => {
    const random = seeded(3);
    const runs = 20_000;
    const zeroFirst = Array.from(
      { length: runs },
      () => orderTargets([srv("w", 0, 99), srv("z", 0, 0)], random)[0]!,
    ).filter(({ target }) => target === "z");
    expect(zeroFirst.length / runs).toBeGreaterThan(0.005);
    expect(zeroFirst.length / runs).toBeLessThan(0.015);
  });

  test("is even where all weights are 0", () => {
    const random = seeded(4);
    const answers = ["a", "b", "c", "d"].map((target) => srv(target, 0, 0));
    const firsts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const { target } = orderTargets(answers, random)[0]!;
      firsts.set(target, (firsts.get(target) ?? 0) + 1);
    }
    for (const { target } of answers) expect(firsts.get(target)! / 20_000).toBeCloseTo(0.25, 2);
  });

  test("has every target once, priorities never falling, at most eight, and leaves its input alone", () => {
    const answer = fc.record({
      target: fc.constantFrom("a", "b", "c", "."),
      priority: fc.nat(3),
      weight: fc.nat(65_535),
      port: fc.nat(65_535),
    });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), fc.integer(), (answers, seed) => {
        const before = structuredClone(answers);
        const ordered = orderTargets(answers, seeded(seed));
        expect(answers).toEqual(before);
        const usable = answers.filter(({ target }) => target !== ".");
        expect(ordered).toHaveLength(Math.min(usable.length, MAX_TARGETS));
        expect(new Set(ordered).size).toBe(ordered.length);
        expect(ordered.every((one) => usable.some((answer) => answer === one))).toBe(true);
        const priorities = ordered.map(({ priority }) => priority);
        expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
      }),
    );
  });
});

test.each([
  ["no record", [], false],
  ["the root alone", [srv(".", 0, 0)], true],
  ["the root beside a host", [srv(".", 0, 0), srv("a", 0, 0)], false],
  ["a host", [srv("a", 0, 0)], false],
])("%s: declares no service? %j → %j", (_, answers, expected) => {
  expect(declaresNoService(answers)).toBe(expected);
});
