import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Barrier } from "../../../src/gateway/s2s/barrier";

const sized = (name: string, bytes = 10) => ({ name, bytes });
const names = (items: readonly { name: string }[] | undefined) => items?.map((item) => item.name);

describe("the barrier", () => {
  test("an answer covers what was written before its ping, and no more", () => {
    const barrier = new Barrier<{ name: string; bytes: number }>(1000);
    barrier.add(sized("a"));
    barrier.add(sized("b"));
    barrier.ping("1");
    barrier.add(sized("c"));
    expect(names(barrier.answered("1"))).toEqual(["a", "b"]);
    expect(barrier.empty).toBe(false);
    expect(names(barrier.abandon())).toEqual(["c"]);
  });

  test("a later answer covers the earlier pings, whose own answers then say nothing", () => {
    const barrier = new Barrier<{ name: string; bytes: number }>(1000);
    barrier.add(sized("a"));
    barrier.ping("1");
    barrier.add(sized("b"));
    barrier.ping("2");
    expect(names(barrier.answered("2"))).toEqual(["a", "b"]);
    expect(barrier.answered("1")).toBeUndefined();
    expect(barrier.asked).toBe(false);
  });

  test("an answer to a ping that is not its own says nothing", () => {
    const barrier = new Barrier<{ name: string; bytes: number }>(1000);
    barrier.add(sized("a"));
    expect(barrier.answered("guess")).toBeUndefined();
    expect(barrier.empty).toBe(false);
  });

  test("is full at its bound and free again by an answer", () => {
    const barrier = new Barrier<{ name: string; bytes: number }>(20);
    barrier.add(sized("a"));
    expect(barrier.full).toBe(false);
    barrier.add(sized("b"));
    expect(barrier.full).toBe(true);
    barrier.ping("1");
    barrier.answered("1");
    expect(barrier.full).toBe(false);
  });

  test("an answer from before the stream was lost covers nothing of the next one", () => {
    const barrier = new Barrier<{ name: string; bytes: number }>(1000);
    barrier.add(sized("a"));
    barrier.ping("1");
    barrier.abandon();
    barrier.add(sized("b"));
    expect(barrier.answered("1")).toBeUndefined();
    expect(names(barrier.abandon())).toEqual(["b"]);
  });

  test("gives out each item exactly once, in order, whatever happens", () => {
    const step = fc.oneof(
      fc.constant({ do: "add" as const }),
      fc.constant({ do: "ping" as const }),
      fc.nat(20).map((ping) => ({ do: "answer" as const, ping })),
      fc.constant({ do: "abandon" as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const barrier = new Barrier<{ name: string; bytes: number }>(100);
        const out: string[] = [];
        let added = 0;
        let pinged = 0;
        let bytes = 0;
        for (const one of steps) {
          if (one.do === "add") {
            barrier.add(sized(`${added++}`));
            bytes += 10;
          } else if (one.do === "ping") barrier.ping(`ping-${pinged++}`);
          else {
            const given = one.do === "answer" ? (barrier.answered(`ping-${one.ping}`) ?? []) : barrier.abandon();
            out.push(...given.map((item) => item.name));
            bytes -= given.length * 10;
          }
          expect(barrier.full).toBe(bytes >= 100);
          expect(barrier.empty).toBe(bytes === 0);
        }
        out.push(...barrier.abandon().map((item) => item.name));
        expect(out).toEqual(Array.from({ length: added }, (_, index) => `${index}`));
      }),
    );
  });
});
