import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { SourceError } from "../../src/cli/run-document";
import { s3Source } from "../../src/cli/run-s3";
import { createLog } from "../../src/gateway/log";

/** The fetching process as `run` sees it: what it is sent, and what it tells. */
class FetchingProcess extends EventEmitter {
  readonly asked: unknown[] = [];
  connected = true;
  send(message: unknown): boolean {
    this.asked.push(message);
    return true;
  }
  kill(): void {
    this.die();
  }
  die(): void {
    this.connected = false;
    this.emit("exit", null, "SIGKILL");
  }
  tell(text: string, etag = text, at = 1000): void {
    this.emit("message", { kind: "document", text, etag, at, version: `v-${etag}` });
  }
  fail(code = "source-unreachable"): void {
    this.emit("message", { kind: "failed", code, message: "no way there", remedy: "mend it" });
  }
  ref(): void {}
  unref(): void {}
}

let started: FetchingProcess[];
let logged: string[];
const events = () => logged.map((line) => (JSON.parse(line) as { event: string }).event);
const newest = () => started.at(-1) as FetchingProcess;
const open = () =>
  s3Source(
    "s3://edge-1/document.json",
    createLog((line) => logged.push(line), "info", Date.now),
    () => {
      const child = new FetchingProcess();
      started.push(child);
      return child as unknown as ChildProcess;
    },
  );

beforeEach(() => {
  jest.useFakeTimers();
  [started, logged] = [[], []];
});
afterEach(() => {
  jest.useRealTimers();
});

test("a location that names no object is refused", () => {
  const silent = createLog(() => undefined, "error", Date.now);
  expect(() => s3Source("s3://edge-1", silent)).toThrow("names no object");
});

describe("the document in S3, through the process that fetches it", () => {
  test("is read with its date and version, and read anew after a change", async () => {
    const source = open();
    let changes = 0;
    const watching = source.watch(() => {
      changes += 1;
    });
    const first = source.read();
    newest().tell("one");
    expect(await first).toEqual({ text: "one", at: 1000, version: "v-one" });
    expect(changes).toBe(0); // whoever reads has it already
    newest().tell("two");
    expect(changes).toBe(1);
    expect(await source.read()).toMatchObject({ text: "two" });
    newest().emit("message", { kind: "unchanged" });
    newest().tell("two");
    expect(changes).toBe(1);
    watching.close();
  });

  test("read again without a change has the object looked at now", async () => {
    const source = open();
    const first = source.read();
    newest().tell("one");
    await first;
    const again = source.read();
    expect(newest().asked).toContain("look");
    newest().emit("message", { kind: "unchanged" });
    expect(await again).toMatchObject({ text: "one" });
  });

  test("that cannot be fetched is said once and once when it is over; a reader is told each time", async () => {
    const source = open();
    source.watch(() => undefined);
    const first = source.read();
    newest().fail();
    await expect(first).rejects.toThrow(SourceError);
    newest().fail();
    newest().fail();
    newest().tell("one");
    expect(events()).toEqual(["document-unreachable", "document-reachable"]);
  });

  test("goes on when the process dies: started anew, later each time until it has told something", async () => {
    const source = open();
    let changes = 0;
    source.watch(() => {
      changes += 1;
    });
    newest().tell("one");
    expect(changes).toBe(1);
    await source.read();
    for (const [index, wait] of [1000, 2000, 4000].entries()) {
      newest().die();
      expect(started).toHaveLength(index + 1);
      jest.advanceTimersByTime(wait - 1);
      expect(started).toHaveLength(index + 1);
      jest.advanceTimersByTime(1);
      expect(started).toHaveLength(index + 2);
    }
    newest().tell("one"); // the same: nothing to do
    expect(changes).toBe(1);
    newest().die();
    jest.advanceTimersByTime(1000);
    expect(started).toHaveLength(5);
    expect(events()).toEqual(Array(4).fill("document-fetch-ended"));
  });

  test("asked for between two processes is out of reach, and comes with the next one", async () => {
    const source = open();
    let changes = 0;
    const watching = source.watch(() => {
      changes += 1;
    });
    const waiting = source.read();
    newest().die();
    await expect(waiting).rejects.toMatchObject({ code: "source-unreachable" });
    await expect(source.read()).rejects.toMatchObject({ code: "source-unreachable" });
    jest.advanceTimersByTime(1000);
    newest().tell("one");
    expect(changes).toBe(1);
    expect(await source.read()).toMatchObject({ text: "one" });
    watching.close();
    jest.advanceTimersByTime(100_000);
    expect(started).toHaveLength(2);
  });

  test("that is no document is refused by its reader, once, and is not out of reach", async () => {
    const source = open();
    let changes = 0;
    const watching = source.watch(() => {
      changes += 1;
    });
    const first = source.read();
    newest().tell("one");
    await first;
    newest().fail("source-invalid");
    newest().fail("source-invalid");
    expect(changes).toBe(1);
    const again = source.read();
    newest().fail("source-invalid");
    await expect(again).rejects.toMatchObject({ code: "source-invalid", message: "no way there", remedy: "mend it" });
    newest().emit("message", { kind: "unchanged" }); // its last version was deleted: what runs is what is there
    expect(changes).toBe(2);
    newest().fail();
    newest().fail("source-invalid");
    expect(changes).toBe(3);
    expect(events()).toEqual(["document-unreachable", "document-reachable"]);
    watching.close();
  });
});
