import { describe, expect, test } from "@jest/globals";
import {
  type Transition,
  transitionsBetween,
  type VerifyFinding,
  type VerifyReport,
  watchRecords,
  withFindings,
} from "../../src/dns";
import { finding, report } from "./report/reports";

const judged = (...findings: VerifyFinding[]): VerifyReport => withFindings(report(), findings);
const told = (transitions: readonly Transition[]) =>
  transitions.map((one) =>
    one.change === "verdict" ? `${one.from} → ${one.to}` : `${one.change} ${one.finding.id} ${one.finding.found}`,
  );

describe("what changed", () => {
  const one = finding();
  test.each([
    ["at first everything", undefined, judged(one), ["found srv-port port 5222", "null → fail"]],
    ["at first of a sound domain the verdict", undefined, judged(), ["null → pass"]],
    ["nothing", judged(one), judged(finding({ retryAfter: 3, server: "198.51.100.1:53" })), []],
    ["what it found", judged(one), judged(finding({ found: "port 1" })), ["changed srv-port port 1"]],
    ["that it is gone", judged(one), judged(), ["gone srv-port port 5222", "fail → pass"]],
    ["one of two of a kind", judged(one, finding({ found: "port 9" })), judged(one), ["gone srv-port port 9"]],
    ["another domain", judged(one), judged(one, finding({ domain: "emea.example" })), ["found srv-port port 5222"]],
  ])("%s", (_, before, after, expected) => {
    expect(told(transitionsBetween(before, after))).toEqual(expected);
  });
});

describe("watching", () => {
  async function watch(rounds: readonly VerifyReport[], interval: number) {
    const stop = new AbortController();
    const slept: number[] = [];
    let at = 0;
    const last = await watchRecords({
      look: async () => rounds[at++]!,
      interval,
      now: () => 0,
      sleep: async (milliseconds) => {
        slept.push(milliseconds);
        if (at === rounds.length) stop.abort();
      },
      onLook: () => undefined,
      signal: stop.signal,
    });
    return { slept, last };
  }

  test("looks at the interval, and earlier where a finding says so, but not without end", async () => {
    const rounds = [judged(), judged(finding({ retryAfter: 17 })), judged(finding({ retryAfter: 0 })), judged()];
    expect((await watch(rounds, 60_000)).slept).toEqual([60_000, 17_000, 5000, 60_000]);
    expect((await watch([judged(finding({ retryAfter: 300 }))], 60_000)).slept).toEqual([60_000]);
    expect((await watch([judged(finding({ retryAfter: 0 }))], 2000)).slept).toEqual([2000]);
  });

  test("ends with what it saw last; a look that was cut short does not count", async () => {
    const stop = new AbortController();
    const rounds = [judged(finding()), judged()];
    let at = 0;
    const last = await watchRecords({
      look: async () => {
        if (at === 1) stop.abort();
        return rounds[at++]!;
      },
      interval: 60_000,
      now: () => 0,
      sleep: async () => undefined,
      onLook: () => undefined,
      signal: stop.signal,
    });
    expect(last?.verdict).toBe("fail");
  });
});
