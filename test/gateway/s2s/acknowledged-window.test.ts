import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AcknowledgedWindow } from "../../../src/gateway/s2s/acknowledged-window";

const sized = (name: number, bytes = 10) => ({ name, bytes });
const LARGEST = 2 ** 32 - 1;

describe("what was sent under stream management", () => {
  test("is proved by the peer's count, up to it and no further", () => {
    const window = new AcknowledgedWindow<{ name: number; bytes: number }>();
    for (const name of [1, 2, 3]) window.add(sized(name));
    expect(window.acknowledge(2)).toEqual({ ok: true, proved: [sized(1), sized(2)] });
    expect(window.bytes).toBe(10);
    expect(window.acknowledge(2)).toEqual({ ok: true, proved: [] });
    expect(window.takeAll()).toEqual([sized(3)]);
    expect(window.bytes).toBe(0);
  });

  test.each([4, 1_000, LARGEST])("a count of %d after three stanzas is too high", (handled) => {
    const window = new AcknowledgedWindow<{ name: number; bytes: number }>();
    for (const name of [1, 2, 3]) window.add(sized(name));
    expect(window.acknowledge(handled)).toEqual({ ok: false, sent: 3 });
    expect(window.length).toBe(3);
  });

  test("a count lower than the last one proves nothing", () => {
    const window = new AcknowledgedWindow<{ name: number; bytes: number }>();
    for (const name of [1, 2, 3]) window.add(sized(name));
    window.acknowledge(2);
    expect(window.acknowledge(1)).toEqual({ ok: false, sent: 3 });
  });

  test("counts begin again at zero after 2^32 - 1", () => {
    const window = new AcknowledgedWindow<{ name: number; bytes: number }>(LARGEST - 1);
    for (const name of [1, 2, 3]) window.add(sized(name));
    expect(window.acknowledge(LARGEST)).toEqual({ ok: true, proved: [sized(1)] });
    expect(window.acknowledge(2)).toEqual({ ok: false, sent: 1 });
    expect(window.acknowledge(1)).toEqual({ ok: true, proved: [sized(2), sized(3)] });
  });

  test("gives out each item exactly once, in order, whatever the peer says", () => {
    const step = fc.oneof(fc.constant("add" as const), fc.integer({ min: 0, max: 40 }), fc.nat(LARGEST));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const window = new AcknowledgedWindow<{ name: number; bytes: number }>();
        const out: number[] = [];
        let added = 0;
        for (const one of steps) {
          if (one === "add") {
            window.add(sized(added++));
            continue;
          }
          const answer = window.acknowledge(one);
          expect(answer.ok).toBe(one >= out.length && one <= added);
          if (answer.ok) out.push(...answer.proved.map(({ name }) => name));
          if (answer.ok) expect(out).toHaveLength(one);
        }
        out.push(...window.takeAll().map(({ name }) => name));
        expect(out).toEqual(Array.from({ length: added }, (_, index) => index));
      }),
    );
  });
});
