/** The gateway's timers obey the test; the network, and what waits for it, stay real. */
import { jest } from "@jest/globals";

export function holdClock(): void {
  jest.useFakeTimers({ now: Date.now(), doNotFake: ["setImmediate", "nextTick", "queueMicrotask", "performance"] });
}

export function releaseClock(): void {
  jest.useRealTimers();
}

/** Lets what is on its way arrive, without any timer. */
export async function settle(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time passes, in steps that let the network answer. */
export async function pass(ms: number, step = ms): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    jest.advanceTimersByTime(Math.min(step, ms - passed));
    await settle(10);
  }
  await settle();
}
