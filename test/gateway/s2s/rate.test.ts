import { describe, expect, test } from "@jest/globals";
import { type FullAt, RateTable, take } from "../../../src/gateway/s2s/rate";

const RATE = { perSecond: 10, burst: 5 };
const START = 1_000_000;

describe("a bucket", () => {
  test("gives its burst at once, and then one each tenth of a second", () => {
    let fullAt: FullAt = 0;
    const waits: number[] = [];
    for (let index = 0; index < 8; index++) {
      const [next, wait] = take(RATE, fullAt, START);
      fullAt = next;
      waits.push(wait);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 100, 200, 300]);
    expect(take(RATE, fullAt, START + 400)[1]).toBe(0);
  });

  test("is never fuller than full", () => {
    let [fullAt] = take(RATE, 0, START, 5);
    expect(take(RATE, fullAt, START + 3_600_000, 5)[1]).toBe(0);
    [fullAt] = take(RATE, fullAt, START + 3_600_000, 5);
    expect(take(RATE, fullAt, START + 3_600_000)[1]).toBe(100);
  });

  test("takes an amount", () => {
    expect(take(RATE, 0, START, 25)[1]).toBe(2_000);
  });

  test("forgives when the clock is set back: nobody waits for the old time to come again", () => {
    const [fullAt] = take(RATE, 0, START, 5);
    const [, wait] = take(RATE, fullAt, START - 600_000);
    expect(wait).toBeLessThanOrEqual(600);
  });
});

describe("a table of buckets", () => {
  test("keeps one for each key", () => {
    const table = new RateTable(RATE, 10);
    for (let index = 0; index < 5; index++) expect(table.admits("one", START)).toBe(true);
    expect(table.admits("one", START)).toBe(false);
    expect(table.admits("two", START)).toBe(true);
    expect(table.admits("one", START + 100)).toBe(true);
  });

  test("a refusal costs nothing: who goes on asking is not kept out for longer", () => {
    const table = new RateTable(RATE, 10);
    for (let index = 0; index < 1_000; index++) table.admits("one", START);
    expect(table.admits("one", START + 100)).toBe(true);
  });

  test("holds no more keys than it may, and forgets those not used for longest", () => {
    const table = new RateTable(RATE, 3);
    for (let index = 0; index < 5; index++) table.admits("kept", START);
    for (let index = 0; index < 1_000; index++) {
      table.wait(`stranger ${index}`, START);
      if (index % 2 === 0) table.wait("kept", START, 0);
    }
    expect(table.size).toBe(3);
    expect(table.admits("kept", START)).toBe(false);
    for (let index = 0; index < 3; index++) table.admits(`last ${index}`, START);
    expect(table.admits("kept", START)).toBe(true);
  });
});
