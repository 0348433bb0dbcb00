/** One line of the log as CloudWatch Logs takes it. */
export interface LogLine {
  /** ms since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

/** What PutLogEvents takes at once (its reference): bytes of messages with 26 for each, events, hours between them. */
const BATCH = { bytes: 1_048_576, overhead: 26, events: 10_000, span: 24 * 3_600_000 - 1 } as const;
/** Longer lines are cut: no line of ours comes near, and one refused event would hold up the rest. */
const LONGEST = 200_000;

/**
 * Lines on their way, oldest first, within a bound of bytes: beyond it the oldest are dropped and counted, so that a
 * service that cannot be reached costs history, not memory.
 */
export class LogBuffer {
  #lines: (LogLine & { readonly bytes: number })[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(private readonly maximumBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Lines dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  add({ timestamp, message }: LogLine): void {
    if (message === "") return;
    const short = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
    const line = { timestamp, message: short, bytes: Buffer.byteLength(short) + BATCH.overhead };
    this.#lines.push(line);
    this.#bytes += line.bytes;
    let surplus = 0;
    for (; this.#bytes > this.maximumBytes; surplus++) this.#bytes -= this.#lines[surplus]?.bytes ?? 0;
    this.#lines.splice(0, surplus);
    this.#dropped += surplus;
  }

  /** Takes the oldest lines out, as many as one call takes, in the order of their time. */
  takeBatch(): readonly LogLine[] {
    let [count, bytes] = [0, 0];
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const line of this.#lines) {
      const [earliest, latest] = [Math.min(first, line.timestamp), Math.max(last, line.timestamp)];
      const isTooMuch = bytes + line.bytes > BATCH.bytes || count === BATCH.events || latest - earliest > BATCH.span;
      if (isTooMuch) break;
      [first, last, bytes, count] = [earliest, latest, bytes + line.bytes, count + 1];
    }
    const batch = this.#lines.splice(0, count);
    this.#bytes -= bytes;
    return batch.map(({ timestamp, message }) => ({ timestamp, message })).sort((a, b) => a.timestamp - b.timestamp);
  }

  /** Puts a batch back that was not taken over. */
  putBack(batch: readonly LogLine[]): void {
    const newer = this.#lines;
    [this.#lines, this.#bytes] = [[], 0];
    for (const line of [...batch, ...newer]) this.add(line);
  }
}
