import { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { startOwnProcess } from "../../src/cli/run-child";
import { LogShipping } from "../../src/cli/run-logs";

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick"] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A process as far as the shipping sees it. */
class Shipper extends EventEmitter {
  readonly pid = 1;
  readonly exitCode = null;
  readonly signalCode = null;
  readonly connected = true;
  readonly stdin = new PassThrough();
  readonly told: unknown[] = [];
  send(message: unknown): void {
    this.told.push(message);
  }
}

/** What Node gives where no process or descriptor is left: nothing in it, and `error` a little later. */
function failed(message: string): ChildProcess {
  const child = new ChildProcess();
  process.nextTick(() => child.emit("error", new Error(message)));
  return child;
}

test("a process that could not even be started is started again, and holds nothing up", async () => {
  const lines: string[] = [];
  const shipper = new Shipper();
  let starts = 0;
  const start = () => (++starts < 3 ? failed("spawn EMFILE") : (shipper as unknown as ChildProcess));
  const shipping = new LogShipping({ group: "g", write: (text) => lines.push(text) }, start);
  shipping.serving({ edge: "contoso" });
  await jest.advanceTimersByTimeAsync(1_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(lines.map((line) => JSON.parse(line).reason)).toEqual(["spawn EMFILE", "spawn EMFILE"]);
  expect(shipper.told).toEqual([{ edge: "contoso" }]);
});

test("an end does not wait for one that never began", async () => {
  const shipping = new LogShipping({ group: "g", write: () => undefined }, () => failed("spawn EAGAIN"));
  await shipping.stop();
});

test("an error that is thrown instead of emitted is told like the others", async () => {
  const child = startOwnProcess([], { cwd: 5 as unknown as string }); // spawn throws at once
  const error = await new Promise<Error>((resolve) => child.once("error", resolve));
  expect(error.message).toContain("cwd");
  expect(child.pid).toBeUndefined();
});

test("one that lasted a minute before it ended is started again soon", async () => {
  const lines: string[] = [];
  const shippers: Shipper[] = [];
  const start = () => {
    shippers.push(new Shipper());
    return shippers.at(-1) as unknown as ChildProcess;
  };
  new LogShipping({ group: "g", write: (text) => lines.push(text) }, start);
  const lasts = async (milliseconds: number) => {
    await jest.advanceTimersByTimeAsync(milliseconds);
    shippers.at(-1)?.emit("exit", 1, null);
    return JSON.parse(lines.at(-1) as string).restartSeconds;
  };
  expect(await lasts(0)).toBe(1);
  expect(await lasts(1_000)).toBe(2);
  expect(await lasts(2_000 + 59_999)).toBe(4);
  expect(await lasts(4_000 + 60_000)).toBe(1);
});
