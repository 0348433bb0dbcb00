import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { openLogStream, ShippingError } from "../../src/host/cloudwatch-logs";
import { LogBuffer, type LogLine } from "../../src/host/log-buffer";
import { type ShippingEvent, shipLines } from "../../src/host/ship-lines";
import { LogsStandIn } from "../stand-in-aws/logs";
import { AwsStandIn } from "../stand-in-aws/stand-in";

const GROUP = "/xmpp-edge/contoso";
let logs: LogsStandIn;
let aws: AwsStandIn;
const environment = { ...process.env };

beforeEach(async () => {
  logs = new LogsStandIn([GROUP]);
  aws = await new AwsStandIn(logs).start();
  Object.assign(process.env, aws.environment);
});
afterEach(async () => {
  process.env = { ...environment };
  await aws.stop();
});

const line = (n: number): LogLine => ({ timestamp: Date.now() - 1000 + n, message: `{"event":"number ${n}"}` });

/** Ships what there is until it is told to end, with a clock that does not wait. */
async function ship(buffer: LogBuffer, { pauses = 0, group = GROUP } = {}) {
  const events: ShippingEvent[] = [];
  const slept: number[] = [];
  const over = new AbortController();
  if (pauses === 0) over.abort();
  const destination = await openLogStream(group, "host-1");
  await shipLines({
    buffer,
    destination,
    onEvent: (event) => events.push(event),
    random: () => 0.5,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      if (slept.length >= pauses) over.abort();
    },
    signal: over.signal,
  });
  destination.close();
  return { events, slept };
}

describe("shipping to CloudWatch Logs (a stand-in of its API)", () => {
  test("makes the stream and hands every line over, as it is", async () => {
    const buffer = new LogBuffer(1_000_000);
    for (let n = 0; n < 30; n += 1) buffer.add(line(n));
    const { events } = await ship(buffer);
    expect(events).toEqual([]);
    expect(logs.events(GROUP).map(({ message }) => message)).toEqual(
      Array.from({ length: 30 }, (_, n) => `{"event":"number ${n}"}`),
    );
    expect(aws.calls).toEqual(["logs PutLogEvents 400", "logs CreateLogStream 200", "logs PutLogEvents 200"]);
  });

  test("takes more than one call where there is more than one takes", async () => {
    const buffer = new LogBuffer(100_000_000);
    for (let n = 0; n < 25_000; n += 1) buffer.add({ timestamp: Date.now(), message: `${n}` });
    await ship(buffer);
    expect(logs.batches).toEqual([10_000, 10_000, 5_000]);
    expect(new Set(logs.events(GROUP).map(({ message }) => message)).size).toBe(25_000);
  });

  test("waits longer and longer while it is refused, says so once, and loses nothing", async () => {
    const buffer = new LogBuffer(1_000_000);
    buffer.add(line(1));
    aws.fail("logs", 400, "AccessDeniedException", 3);
    const { events, slept } = await ship(buffer, { pauses: 5 });
    expect(slept.slice(0, 4)).toEqual([1000, 2000, 4000, 2000]);
    expect(events.map(({ event }) => event)).toEqual(["log-unreachable", "log-reachable"]);
    expect(events[0]).toMatchObject({
      reason: expect.stringContaining("AccessDeniedException"),
      remedy: expect.stringContaining("logs:PutLogEvents"),
    });
    expect(logs.events(GROUP)).toHaveLength(1);
  });

  test("is not put off by throttling", async () => {
    const buffer = new LogBuffer(1_000_000);
    buffer.add(line(1));
    aws.fail("logs", 400, "ThrottlingException");
    expect((await ship(buffer)).events).toEqual([]);
    expect(logs.events(GROUP)).toHaveLength(1);
  });

  test("counts what the bound costs, and what CloudWatch would not have", async () => {
    const buffer = new LogBuffer(10 * 50);
    for (let n = 0; n < 20; n += 1) buffer.add({ timestamp: Date.now(), message: "x".repeat(24) });
    expect((await ship(buffer)).events).toEqual([{ event: "log-lines-lost", lines: 10 }]);
    buffer.add({ timestamp: Date.now() - 20 * 24 * 3_600_000, message: "of long ago" });
    expect((await ship(buffer)).events).toEqual([{ event: "log-lines-lost", lines: 1 }]);
  });

  test("sets its clock by the answer where the host's is an hour off", async () => {
    aws.now = () => Date.now() + 3_600_000;
    const buffer = new LogBuffer(1_000_000);
    buffer.add(line(1));
    expect((await ship(buffer)).events).toEqual([]);
    expect(logs.events(GROUP)).toHaveLength(1);
  });

  test("says which group is missing", async () => {
    const destination = await openLogStream("/another", "host-1");
    const error = await destination.put([line(1)]).catch((thrown: unknown) => thrown);
    destination.close();
    expect(error).toBeInstanceOf(ShippingError);
    expect((error as Error).message).toContain("/another");
  });
});
