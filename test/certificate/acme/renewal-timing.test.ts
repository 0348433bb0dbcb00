import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueByLifetime, dueByWindow, runsOut, waitAfterFailure } from "../../../src/certificate/acme/renewal-timing";
import { retryAfter } from "../../../src/certificate/acme/retry-after";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const life = (days: number) => ({ notBefore: 0, notAfter: days * DAY });

describe("a renewal by the certificate's life", () => {
  test.each([
    [90, 0, 60],
    [90, 1, 55.5],
    [200, 0, (200 * 2) / 3],
    [47, 0.5, 47 * (2 / 3 - 0.025)],
    [6, 0, 3],
    [6, 1, 2.7],
  ])("of %d days is due, with chance %d, after %d days", (days, chance, due) => {
    expect(dueByLifetime(life(days), () => chance) / DAY).toBeCloseTo(due, 5);
  });
});

describe("a renewal by the CA's window", () => {
  const window = { start: 30 * DAY, end: 32 * DAY };
  test("falls inside it, by chance", () => {
    expect(dueByWindow(window, life(90), { random: () => 0.25 })).toBe(30.5 * DAY);
  });
  test("stays where it was while the window holds it, and moves with the window", () => {
    expect(dueByWindow(window, life(90), { before: 31.9 * DAY, random: () => 0 })).toBe(31.9 * DAY);
    expect(dueByWindow(window, life(90), { before: 33 * DAY, random: () => 0 })).toBe(30 * DAY);
  });
  test("in the past is due at once, but not in the first hours of a certificate", () => {
    const past = { start: -2 * DAY, end: -1 * DAY };
    expect(dueByWindow(past, life(90), { random: () => 0.5 })).toBe(6 * HOUR);
    expect(dueByWindow(past, life(0.5), { random: () => 0.5 })).toBe(3 * HOUR);
  });
  test("is never believed beyond a tenth of the life before the end", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e15, max: 1e15, noNaN: true }),
        fc.double({ min: 1, max: 1e15, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (start, length, chance) => {
          const due = dueByWindow({ start, end: start + length }, life(90), { random: () => chance });
          expect(due).toBeGreaterThanOrEqual(6 * HOUR);
          expect(due).toBeLessThanOrEqual(81 * DAY);
        },
      ),
    );
  });
});

describe("the wait after failures in a row", () => {
  const even = () => 0.5; // neither more nor less
  test.each([
    [1, 60 * DAY, 1 / 60],
    [2, 60 * DAY, 2 / 60],
    [7, 60 * DAY, 64 / 60],
    [12, 60 * DAY, 24],
    [1000, 60 * DAY, 24],
    [12, 2 * DAY, 4.8],
    [12, 0, 1],
    [12, -DAY, 1],
  ])("is, for failure %d with %d ms left, %d hours", (failures, remaining, hours) => {
    expect(waitAfterFailure(failures, { remaining, random: even }) / HOUR).toBeCloseTo(hours, 5);
  });
  test("is never less than the server asked for", () => {
    expect(waitAfterFailure(1, { remaining: 90 * DAY, retryAfter: 5 * HOUR, random: even })).toBe(5 * HOUR);
  });
  test("is spread by a quarter either way", () => {
    expect(waitAfterFailure(1, { remaining: DAY, random: () => 0 })).toBe(45_000);
    expect(waitAfterFailure(1, { remaining: DAY, random: () => 1 })).toBe(75_000);
  });
});

test.each([
  [90, 76, true],
  [90, 74, false],
  [6, 5.5, true],
])("of %d days, after %d: the alarm is %s", (days, passed, alarm) => {
  expect(runsOut(life(days), passed * DAY)).toBe(alarm);
});

describe("Retry-After", () => {
  const now = Date.parse("2030-06-15T12:00:00Z");
  test.each([
    ["120", 120_000],
    ["0", 0],
    ["Sat, 15 Jun 2030 12:01:00 GMT", 60_000],
    ["Sat, 15 Jun 2030 11:00:00 GMT", 0],
    ["999999999", DAY],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s means %s ms", (header, wait) => {
    expect(retryAfter(header, now)).toBe(wait);
  });
});
