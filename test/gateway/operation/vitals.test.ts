import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { COMMIT_MS, LONGEST_STALL_MS, Vitals } from "../../../src/gateway/operation/vitals";
import { holdClock, pass, releaseClock } from "../s2s/held-clock";

beforeEach(() => holdClock());
afterEach(() => releaseClock());

/** Vitals on a clock that the test moves, over a state that does what it is told. */
function vitals(committed: () => Promise<void>) {
  const world = { at: 0, written: 0 };
  const made = new Vitals({
    store: {
      putSetting: () => {
        world.written++;
      },
      committed,
    },
    monotonic: () => world.at,
    now: () => 0,
  });
  return { world, vitals: made };
}

describe("the state", () => {
  test("that commits is no fault, and is tried once a second at most", async () => {
    const { world, vitals: made } = vitals(() => Promise.resolve());
    expect(await made.health()).toEqual({ alive: true, faults: [] });
    await Promise.all([made.health(), made.health()]);
    expect(world.written).toBe(1);
    world.at += 1_000;
    await Promise.all([made.health(), made.health()]);
    expect(world.written).toBe(2);
    made.stop();
  });

  test("that refuses is a fault until it takes a write again", async () => {
    let full = true;
    const { world, vitals: made } = vitals(() => (full ? Promise.reject(new Error("disk full")) : Promise.resolve()));
    expect(await made.health()).toEqual({ alive: false, faults: ["the state cannot be written: disk full"] });
    expect(made.storeFault).toContain("disk full");
    full = false;
    world.at += 1_000;
    expect(await made.health()).toEqual({ alive: true, faults: [] });
    made.stop();
  });

  test("that never answers is a fault after its time", async () => {
    const { vitals: made } = vitals(() => new Promise(() => undefined));
    const health = made.health();
    await pass(COMMIT_MS);
    expect(await health).toEqual({ alive: false, faults: ["the state did not commit within 5 s"] });
    made.stop();
  });
});

describe("the event loop", () => {
  test("that turns is late by nothing", async () => {
    const { world, vitals: made } = vitals(() => Promise.resolve());
    world.at += 500;
    made.beat();
    expect(made.lag).toBe(0);
    made.stop();
  });

  test("that stood still is a fault, and is forgotten after half a minute", async () => {
    const { world, vitals: made } = vitals(() => Promise.resolve());
    world.at += 500 + LONGEST_STALL_MS + 1_500;
    made.beat();
    world.at += 500;
    made.beat();
    expect(made.lag).toBe(6.5);
    expect((await made.health()).faults).toEqual(["the event loop stood still for 6.5 s within the last 30 s"]);
    world.at += 29_500;
    expect(made.lag).toBe(0);
    expect((await made.health()).alive).toBe(true);
    made.stop();
  });
});
