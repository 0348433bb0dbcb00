import { describe, expect, test } from "@jest/globals";
import { type VerifyFinding, type VerifyReport, type WaitStage, waitUntilPublished, withFindings } from "../../src/dns";
import { finding, report } from "./report/reports";

const missing = finding({ id: "srv-missing", retryAfter: null });
const stale = (retryAfter: number) => finding({ id: "srv-port", retryAfter });

/** A world in which each look finds the next of the lists; time passes by sleeping alone. */
async function wait(
  rounds: readonly (readonly VerifyFinding[])[],
  timeout = 60_000,
  failOn: "fail" | "warn" = "fail",
  from?: WaitStage,
) {
  const asked: WaitStage[] = [];
  const slept: number[] = [];
  const told: string[] = [];
  let time = 0;
  const ended: VerifyReport = await waitUntilPublished({
    look: async (stage) => withFindings(report(), rounds[asked.push(stage) - 1] ?? []),
    timeout,
    failOn,
    ...(from && { from }),
    now: () => time,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      time += milliseconds;
    },
    onAwait: ({ stage, findings }) => told.push(`${stage} ${findings.map(({ id }) => id).join()}`),
    signal: new AbortController().signal,
  });
  return { asked, slept, told, verdict: ended.verdict, reason: ended.reason };
}

describe("waiting until it is published", () => {
  test("asks no resolver before the zones' servers are right", async () => {
    expect(await wait([[missing], [missing], [], [stale(17)], []])).toEqual({
      asked: ["authoritative", "authoritative", "authoritative", "resolvers", "resolvers"],
      slept: [5000, 5000, 17_000],
      told: ["authoritative srv-missing", "authoritative srv-missing", "resolvers srv-port"],
      verdict: "pass",
      reason: undefined,
    });
  });

  test("sleeps to the smallest time left, at least a second", async () => {
    expect((await wait([[], [stale(30), stale(9)], [stale(0)], []])).slept).toEqual([9000, 1000]);
  });

  test("ends when time runs out, without a sleep past it", async () => {
    const { slept, reason, verdict } = await wait([[], [stale(300)]], 60_000);
    expect({ slept, reason, verdict }).toEqual({ slept: [], reason: "wait", verdict: "fail" });
  });

  test.each([
    ["at the zones' servers", [[finding({ id: "edge-in-use", retryAfter: null })]], ["authoritative"]],
    ["at resolvers", [[], [finding({ id: "edge-in-use" })]], ["authoritative", "resolvers"]],
    ["a check nobody knows", [[finding({ id: "new-check" })]], ["authoritative"]],
  ])("stops at once where waiting mends nothing: %s", async (_, rounds, asked) => {
    expect(await wait(rounds)).toMatchObject({ asked, slept: [], verdict: "fail", reason: undefined });
  });

  test("what comes back at the zones' servers is awaited there, and no resolver asked meanwhile", async () => {
    expect(await wait([[], [missing, stale(30)], [missing], [], []])).toMatchObject({
      asked: ["authoritative", "resolvers", "authoritative", "authoritative", "resolvers"],
      slept: [5000, 5000],
      verdict: "pass",
    });
  });

  test("what resolvers remember is awaited though it is a warning", async () => {
    const old = finding({ id: "resolver-stale", verdict: "warn", severity: "warn", retryAfter: 21 });
    expect(await wait([[], [old], []])).toMatchObject({ slept: [21_000], verdict: "pass" });
    expect(await wait([[], [old], [old], [old]], 60_000)).toMatchObject({ slept: [21_000, 21_000], reason: "wait" });
  });

  test("a resolver that is silent is asked again, with no look back", async () => {
    const silent = finding({ id: "resolver-unreachable", verdict: "unknown", domain: null, retryAfter: null });
    expect((await wait([[], [silent], []])).asked).toEqual(["authoritative", "resolvers", "resolvers"]);
  });

  test("where resolvers alone can be asked, they are", async () => {
    expect((await wait([[missing], []], 60_000, "fail", "resolvers")).asked).toEqual(["resolvers", "resolvers"]);
  });

  test("silence may pass", async () => {
    const silent = finding({ id: "ns-unreachable", verdict: "unknown", retryAfter: null });
    expect(await wait([[silent], [], []])).toMatchObject({ slept: [5000], verdict: "pass" });
  });

  test("a warning is awaited only where it counts", async () => {
    const warned = finding({ id: "srv-priority-weight", verdict: "warn", retryAfter: null });
    expect((await wait([[warned], [warned]])).slept).toEqual([]);
    expect((await wait([[warned], [], []], 60_000, "warn")).slept).toEqual([5000]);
  });
});
