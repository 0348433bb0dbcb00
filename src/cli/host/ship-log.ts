import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { createLog } from "../../gateway/log";
import { openLogStream } from "../../host/cloudwatch-logs";
import { metricsLine, metricsOf } from "../../host/edge-metrics";
import { LogBuffer } from "../../host/log-buffer";
import { acceptsStreams, gatewayStatus } from "../../host/look-at-gateway";
import { type ShippingEvent, shipLines } from "../../host/ship-lines";
import { abortableSleep } from "../certificate/kept-process";
import { type CliContext, UsageError } from "../context";
import type { Serving } from "../run-logs";

interface ShipOptions {
  readonly group: string;
  readonly stream: string;
  readonly interval: string;
}

/** Bytes of lines that wait while CloudWatch cannot be reached. */
const BUFFER = 8 * 1024 * 1024;

/** The process beside `run` that ships its log: the gateway's own loads no AWS library, and a hung one is still seen. */
export function register(program: Command, context: CliContext): void {
  program
    .command("ship-log")
    .summary("ship run's log and metrics to CloudWatch Logs; run starts it")
    .requiredOption("--group <name>", "the log group, which is there")
    .requiredOption("--stream <name>", "the log stream, which is made")
    .addOption(new Option("--interval <ms>", "between two lines of metrics").default("60000"))
    .addHelpText("after", "\nExamples:\n  xmpp-edge run edge.config.ts --log-group /xmpp-edge/contoso")
    .action((options: ShipOptions) => shipLog(options, context));
}

async function shipLog({ group, stream, interval }: ShipOptions, context: CliContext): Promise<void> {
  if (process.send === undefined)
    throw new UsageError("this process is started by xmpp-edge run", "xmpp-edge run … --log-group NAME");
  const buffer = new LogBuffer(BUFFER);
  const over = new AbortController();
  // `run` ends us by closing our input: until then its last lines come. A signal to the whole group is run's business.
  context.signal.addEventListener("abort", () => undefined);
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", (message) => buffer.add({ timestamp: timeOf(message), message }));
  lines.once("close", () => over.abort());
  let serving: Serving | undefined;
  process.on("message", (message) => {
    serving = message as Serving;
  });
  const ownLog = createLog(
    (line) => {
      context.stderr(line);
      buffer.add({ timestamp: Date.now(), message: line.trimEnd() });
    },
    "info",
    Date.now,
  );
  const destination = await openLogStream(group, stream);
  const shipping = shipLines({
    buffer,
    destination,
    onEvent: ({ event, ...fields }: ShippingEvent) =>
      ownLog[event === "log-reachable" ? "info" : "error"](event, fields),
    random: Math.random,
    sleep: (milliseconds) => abortableSleep(milliseconds, over.signal),
    signal: over.signal,
  });
  const measuring = measure(() => serving, { buffer, interval: Number(interval), signal: over.signal });
  await Promise.all([shipping, measuring]);
  destination.close();
  if (process.connected) process.disconnect();
}

interface Measuring {
  readonly buffer: LogBuffer;
  readonly interval: number;
  readonly signal: AbortSignal;
}

/** Adds one line of metrics in each interval; before the gateway serves, and while it does not answer, it is not accepting. */
async function measure(serving: () => Serving | undefined, { buffer, interval, signal }: Measuring): Promise<void> {
  for (;;) {
    const began = performance.now();
    const now = serving();
    if (now !== undefined) {
      const { edge, listening, admin, domain } = now;
      const [accepts, status] = await Promise.all([
        listening === undefined || domain === undefined ? false : acceptsStreams(listening, domain),
        admin === undefined ? undefined : gatewayStatus(admin),
      ]);
      const timestamp = Date.now();
      buffer.add({
        timestamp,
        message: metricsLine(edge, metricsOf(accepts ? 1 : 0, status, timestamp), timestamp),
      });
    }
    if (signal.aborted) return;
    await abortableSleep(Math.max(0, interval - (performance.now() - began)), signal);
    if (signal.aborted) return;
  }
}

/** When a line was written, as it says itself. */
function timeOf(line: string): number {
  const [, time = ""] = /^\{"time":"([^"]{20,30})"/.exec(line) ?? [];
  const at = Date.parse(time);
  return Number.isNaN(at) ? Date.now() : at;
}
