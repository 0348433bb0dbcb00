import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LogBuffer, type LogLine } from "../../src/host/log-buffer";

const line = (n: number, message = `line ${n}`): LogLine => ({ timestamp: 1_900_000_000_000 + n, message });

describe("the log's buffer", () => {
  test("gives lines in the order of their time", () => {
    const buffer = new LogBuffer(10_000);
    for (const n of [1, 3, 2]) buffer.add(line(n));
    expect(buffer.takeBatch().map(({ message }) => message)).toEqual(["line 1", "line 2", "line 3"]);
    expect(buffer.takeBatch()).toEqual([]);
    expect(buffer.bytes).toBe(0);
  });

  test("drops the oldest beyond its bound, and counts them", () => {
    const buffer = new LogBuffer(10 * (26 + 6));
    for (let n = 0; n < 25; n += 1) buffer.add(line(n, `#${String(n).padStart(5, "0")}`));
    expect(buffer.takeDropped()).toBe(15);
    expect(buffer.takeDropped()).toBe(0);
    expect(buffer.takeBatch()[0]?.message).toBe("#00015");
  });

  test("puts a batch back before what came meanwhile", () => {
    const buffer = new LogBuffer(10_000);
    buffer.add(line(1));
    const batch = buffer.takeBatch();
    buffer.add(line(2));
    buffer.putBack(batch);
    expect(buffer.takeBatch()).toEqual([line(1), line(2)]);
  });

  test("cuts a line that no call would take, and leaves an empty one out", () => {
    const buffer = new LogBuffer(10_000_000);
    buffer.add(line(1, "x".repeat(2_000_000)));
    buffer.add(line(2, ""));
    const [cut, ...rest] = buffer.takeBatch();
    expect(cut?.message).toHaveLength(200_001);
    expect(rest).toEqual([]);
  });

  test("never gives more than one call takes, and loses nothing within its bound", () => {
    const lines = fc.array(
      fc.record({
        timestamp: fc.integer({ min: 0, max: 4 * 24 * 3_600_000 }),
        message: fc.oneof(fc.string({ minLength: 1 }), fc.constant("ü".repeat(150_000))),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(lines, (all) => {
        const buffer = new LogBuffer(Number.MAX_SAFE_INTEGER);
        for (const one of all) buffer.add(one);
        let taken = 0;
        for (;;) {
          const batch = buffer.takeBatch();
          if (batch.length === 0) break;
          taken += batch.length;
          const times = batch.map(({ timestamp }) => timestamp);
          expect(batch.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0)).toBeLessThanOrEqual(
            1_048_576,
          );
          expect(times).toEqual([...times].sort((a, b) => a - b));
          expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(24 * 3_600_000);
        }
        expect(taken).toBe(all.length);
        expect(buffer.bytes).toBe(0);
      }),
    );
  });
});
