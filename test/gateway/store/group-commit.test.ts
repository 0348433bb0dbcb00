import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { GroupCommit, type Transactions } from "../../../src/gateway/store/group-commit";

/** A database that notes what is asked of it, and fails where told. */
function recorded(failing: Partial<Record<keyof Transactions, true>> = {}) {
  const calls: string[] = [];
  const note = (call: keyof Transactions) => () => {
    calls.push(call);
    if (failing[call]) throw new Error(`${call} failed`);
  };
  const failures: unknown[] = [];
  const commits = new GroupCommit(
    { begin: note("begin"), commit: note("commit"), rollback: note("rollback") },
    (cause) => {
      failures.push(cause);
      return new Error("the store has failed", { cause });
    },
  );
  return { calls, failures, commits };
}

describe("batching", () => {
  test("a thousand writes of callers who all wait share one commit", async () => {
    const { calls, commits } = recorded();
    await Promise.all(
      Array.from({ length: 1000 }, () => {
        commits.begin();
        return commits.committed();
      }),
    );
    expect(calls).toEqual(["begin", "commit"]);
  });

  test("a write after the first wait, in the same turn, still joins", async () => {
    const { calls, commits } = recorded();
    commits.begin();
    const first = commits.committed();
    await Promise.resolve();
    commits.begin();
    await Promise.all([first, commits.committed()]);
    expect(calls).toEqual(["begin", "commit"]);
  });

  test("nothing is committed before the turn is over", async () => {
    const { calls, commits } = recorded();
    commits.begin();
    const done = commits.committed();
    await Promise.resolve();
    expect(calls).toEqual(["begin"]);
    await done;
    expect(calls).toEqual(["begin", "commit"]);
  });

  test("writes nobody waits for are committed soon all the same", async () => {
    const { calls, commits } = recorded();
    commits.begin();
    while (calls.length < 2) await wait(1);
    expect(calls).toEqual(["begin", "commit"]);
  });

  test("with nothing written there is nothing to wait for and no transaction", async () => {
    const { calls, commits } = recorded();
    await commits.committed();
    expect(calls).toEqual([]);
  });

  test("each turn has a commit of its own", async () => {
    const { calls, commits } = recorded();
    for (let turn = 0; turn < 3; turn += 1) {
      commits.begin();
      await commits.committed();
    }
    expect(calls).toEqual(["begin", "commit", "begin", "commit", "begin", "commit"]);
  });
});

describe("failing closed", () => {
  test("a commit that fails is told to everyone who waits, and nothing is taken over after it", async () => {
    const { calls, failures, commits } = recorded({ commit: true });
    commits.begin();
    const waiting = [commits.committed(), commits.committed()];
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(calls).toEqual(["begin", "commit", "rollback"]);
    expect(failures).toHaveLength(1);
    expect(() => commits.begin()).toThrow("the store has failed");
    await expect(commits.committed()).rejects.toThrow("the store has failed");
  });

  test("a commit that fails with nobody waiting is told to the next caller", async () => {
    const { failures, commits } = recorded({ commit: true });
    commits.begin();
    while (failures.length === 0) await wait(1);
    expect(failures).toHaveLength(1);
    await expect(commits.committed()).rejects.toThrow("the store has failed");
  });

  test("a transaction that cannot begin ends it", () => {
    const { failures, commits } = recorded({ begin: true });
    expect(() => commits.begin()).toThrow("the store has failed");
    expect(failures).toHaveLength(1);
  });

  test("a write that fails takes those of the same transaction with it", async () => {
    const { calls, commits } = recorded();
    commits.begin();
    const earlier = commits.committed();
    const error = commits.fail(new Error("disk full"));
    await expect(earlier).rejects.toBe(error);
    expect(calls).toEqual(["begin", "rollback"]);
  });

  test("a rollback that the database has done by itself hides nothing", async () => {
    const { failures, commits } = recorded({ commit: true, rollback: true });
    commits.begin();
    await expect(commits.committed()).rejects.toThrow("the store has failed");
    expect((failures[0] as Error).message).toBe("commit failed");
  });
});

test("the end commits what is open, then gives its reason", async () => {
  const { calls, commits } = recorded();
  commits.begin();
  const waiting = commits.committed();
  commits.end(new Error("closed"));
  await waiting;
  expect(calls).toEqual(["begin", "commit"]);
  expect(() => commits.begin()).toThrow("closed");
});
