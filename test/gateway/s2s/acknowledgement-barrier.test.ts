import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { AcknowledgementBarrier } from "../../../src/gateway/s2s/acknowledgement-barrier";

let requests = 0;
let silent = 0;
let open = true;
let barrier: AcknowledgementBarrier<{ bytes: number }>;

beforeEach(() => {
  jest.useFakeTimers();
  [requests, silent, open] = [0, 0, true];
  barrier = new AcknowledgementBarrier({
    request: () => {
      if (open) requests++;
      return open;
    },
    onSilence: () => silent++,
  });
});
afterEach(() => {
  barrier.abandon();
  jest.useRealTimers();
});
const add = (count: number, bytes = 10) => barrier.add(Array.from({ length: count }, () => ({ bytes })));

describe("the peer is asked", () => {
  test("after ten stanzas, at once", () => {
    add(9);
    expect(requests).toBe(0);
    add(1);
    expect(requests).toBe(1);
  });

  test("after a second of traffic that is less, and not without traffic", () => {
    add(3);
    jest.advanceTimersByTime(999);
    expect(requests).toBe(0);
    jest.advanceTimersByTime(1);
    expect(requests).toBe(1);
    barrier.acknowledged(3);
    jest.advanceTimersByTime(600_000);
    expect([requests, silent]).toEqual([1, 0]);
  });

  test("at once at the bound, where the sender waits until it is answered", () => {
    add(1, 1024 * 1024);
    expect([requests, barrier.full]).toEqual([1, true]);
    barrier.acknowledged(1);
    expect([barrier.full, barrier.empty]).toEqual([false, true]);
  });

  test("again, where its answer leaves something open", () => {
    add(10);
    barrier.acknowledged(7);
    expect(barrier.empty).toBe(false);
    jest.advanceTimersByTime(1_000);
    expect(requests).toBe(2);
  });

  test("not on a stream that cannot be written to", () => {
    open = false;
    add(10);
    jest.advanceTimersByTime(600_000);
    expect([requests, silent]).toEqual([0, 0]);
  });
});

describe("a peer is given up", () => {
  test("a minute after it was asked without an answer", () => {
    add(10);
    jest.advanceTimersByTime(59_999);
    expect(silent).toBe(0);
    jest.advanceTimersByTime(1);
    expect(silent).toBe(1);
  });

  test("also where it answers on and on, and proves nothing", () => {
    add(10);
    for (let second = 0; second < 60; second++) {
      jest.advanceTimersByTime(1_000);
      barrier.acknowledged(0);
    }
    expect(silent).toBe(1);
  });

  test("not where each answer proves a little", () => {
    add(100);
    for (let minute = 1; minute <= 5; minute++) {
      jest.advanceTimersByTime(50_000);
      barrier.acknowledged(minute);
    }
    expect(silent).toBe(0);
  });
});

test("what is abandoned is given out once, and nothing is asked afterwards", () => {
  add(5);
  expect(barrier.abandon()).toHaveLength(5);
  expect(barrier.abandon()).toEqual([]);
  jest.advanceTimersByTime(600_000);
  expect([requests, silent]).toEqual([0, 0]);
});
