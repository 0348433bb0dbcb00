import { describe, expect, test } from "@jest/globals";
import { Counters } from "../../../src/gateway/counters";
import { createLog } from "../../../src/gateway/log";
import {
  CONNECTIONS_OF_STRANGERS,
  CONNECTIONS_PER_ADDRESS,
  ConnectionGate,
  HANDSHAKES_OF_STRANGERS,
  HANDSHAKES_PER_ADDRESS,
  STREAMS_OF_PARTNER,
} from "../../../src/gateway/s2s/connection-gate";
import { KnownAddresses } from "../../../src/gateway/s2s/known-addresses";
import { MemoryCeiling } from "../../../src/gateway/s2s/memory-ceiling";

const LIMITS = { resident: 1_000, heap: 100 };

function open(unlimitedFrom: string[] = []) {
  const lines: Record<string, unknown>[] = [];
  const counters = new Counters();
  const world = { now: 1_000_000, memory: { resident: 10, heap: 10 } };
  const gate = new ConnectionGate({
    unlimitedFrom,
    memory: new MemoryCeiling(() => world.memory, LIMITS),
    now: () => world.now,
    known: new KnownAddresses(() => world.now),
    counters,
    log: createLog(
      (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
      "info",
      () => world.now,
    ),
  });
  /** How many of so many connections are taken. */
  const taken = (count: number, address: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => gate.admits(address(index))).filter(Boolean).length;
  const refused = (reason: string) => counters.get(`connections_refused_total{reason="${reason}"}`);
  return { gate, world, lines, taken, refused };
}

const elsewhere = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

describe("new connections", () => {
  test("from one address: a burst, then its rate; others are not concerned, and the refused are counted", () => {
    const { gate, world, taken, refused } = open();
    const { perSecond, burst } = CONNECTIONS_PER_ADDRESS;
    expect(taken(burst + 50, () => "192.0.2.1")).toBe(burst);
    expect(refused("address-rate")).toBe(50);
    expect(gate.admits("192.0.2.2")).toBe(true);
    world.now += 1_000;
    expect(taken(100, () => "192.0.2.1")).toBe(perSecond);
  });

  test.each([
    ["an IPv6 network of 64 bits", (index: number) => `2001:db8:1:2::${index.toString(16)}`],
    ["an IPv4 address written as IPv6", (index: number) => (index % 2 === 0 ? "::ffff:192.0.2.1" : "192.0.2.1")],
  ])("%s is one address", (_, address) => {
    expect(open().taken(300, address)).toBe(CONNECTIONS_PER_ADDRESS.burst);
  });

  test("of strangers in total: partners that have authenticated come through, strangers do not", () => {
    const { gate, taken, refused } = open();
    gate.authenticated("fabrikam.example", "192.0.2.9");
    expect(taken(5_000, elsewhere)).toBe(CONNECTIONS_OF_STRANGERS.burst);
    expect(refused("total-rate")).toBe(5_000 - CONNECTIONS_OF_STRANGERS.burst);
    expect(gate.admits("198.51.100.1")).toBe(false);
    expect(gate.admits("192.0.2.9")).toBe(true);
  });

  test("ranges named by hand have no rate", () => {
    const { taken } = open(["192.0.2.0/24", "2001:db8::/32"]);
    expect(taken(5_000, () => "192.0.2.1")).toBe(5_000);
    expect(taken(5_000, () => "::ffff:192.0.2.1")).toBe(5_000);
    expect(taken(5_000, () => "2001:db8::1%eth0")).toBe(5_000);
    expect(taken(5_000, () => "192.0.3.1")).toBe(CONNECTIONS_PER_ADDRESS.burst);
  });

  test("a flood is a line in the log each ten seconds, and not one a connection", () => {
    const { world, lines, taken } = open();
    taken(10_000, () => "192.0.2.1");
    expect(lines).toMatchObject([{ event: "connections-refused", reason: "address-rate", count: 1 }]);
    world.now += 10_000;
    taken(1_000, () => "192.0.2.1");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ count: 10_000 - CONNECTIONS_PER_ADDRESS.burst });
  });

  test("where memory is short nobody new comes in, whoever it is; as soon as it is not, they do", () => {
    const { gate, world, refused } = open(["192.0.2.0/24"]);
    gate.authenticated("fabrikam.example", "198.51.100.1");
    for (const memory of [
      { resident: 1_000, heap: 0 },
      { resident: 0, heap: 100 },
    ]) {
      world.memory = memory;
      world.now += 1_000;
      expect([gate.admits("192.0.2.1"), gate.admits("198.51.100.1"), gate.memoryIsShort]).toEqual([false, false, true]);
      world.memory = { resident: 999, heap: 99 };
      world.now += 1_000;
      expect([gate.admits("192.0.2.1"), gate.admits("198.51.100.1"), gate.memoryIsShort]).toEqual([true, true, false]);
    }
    expect(refused("memory")).toBe(4);
  });

  test("a reading of the memory holds for a quarter of a second", () => {
    let readings = 0;
    const ceiling = new MemoryCeiling(() => {
      readings++;
      return { resident: 0, heap: 0 };
    }, LIMITS);
    for (let now = 0; now < 1_000; now++) ceiling.reached(now);
    expect(readings).toBe(4);
  });
});

describe("TLS handshakes", () => {
  test("from one address: over the rate each waits for its turn", () => {
    const { gate } = open();
    const { perSecond, burst } = HANDSHAKES_PER_ADDRESS;
    const waits = Array.from({ length: burst + 3 }, () => gate.handshakeWait("192.0.2.1"));
    expect(waits.slice(0, burst).every((wait) => wait === 0)).toBe(true);
    expect(waits.slice(burst)).toEqual([1, 2, 3].map((index) => (index * 1000) / perSecond));
    expect(gate.handshakeWait("192.0.2.2")).toBe(0);
  });

  test("who would wait for more than five seconds is refused, and the rate holds under any flood", () => {
    const { gate, world, refused } = open();
    let begun = 0;
    for (let second = 0; second < 30; second++) {
      for (let index = 0; index < 1_000; index++)
        if (gate.handshakeWait(elsewhere(second * 1_000 + index)) !== undefined) begun++;
      world.now += 1_000;
    }
    const { perSecond, burst } = HANDSHAKES_OF_STRANGERS;
    expect(begun).toBeLessThanOrEqual(burst + perSecond * (30 + 5));
    expect(refused("handshake-rate")).toBe(30_000 - begun);
    world.now += 5_000;
    expect(gate.handshakeWait("198.51.100.1")).toBeLessThan(1_000);
  });

  test("of strangers together: a partner's comes at once", () => {
    const { gate } = open(["203.0.113.0/24"]);
    gate.authenticated("fabrikam.example", "192.0.2.9");
    for (let index = 0; index < HANDSHAKES_OF_STRANGERS.burst; index++)
      expect(gate.handshakeWait(elsewhere(index))).toBe(0);
    expect(gate.handshakeWait("198.51.100.1")).toBe(1000 / HANDSHAKES_OF_STRANGERS.perSecond);
    expect(gate.handshakeWait("192.0.2.9")).toBe(0);
    expect(gate.handshakeWait("203.0.113.1")).toBe(0);
  });
});

describe("streams of a partner", () => {
  const HOME = "192.0.2.9";
  const NAT = "192.0.2.10";

  function greedy() {
    const opened = open();
    opened.gate.reached("fabrikam.example", HOME);
    for (let index = 0; index < STREAMS_OF_PARTNER.burst; index++) opened.gate.authenticated("tailspin.example", NAT);
    return opened;
  }
  const more = ({ gate }: ReturnType<typeof open>, count: number, address = NAT) => {
    for (let index = 0; index < count; index++) gate.authenticated("tailspin.example", address);
  };

  test("over its rate, handshakes from where it alone was wait, and are refused in the end", () => {
    const opened = greedy();
    const { gate, world } = opened;
    expect(gate.handshakeWait(NAT)).toBe(0);
    more(opened, 5);
    expect(gate.handshakeWait(NAT)).toBe(5_000 / STREAMS_OF_PARTNER.perSecond);
    expect(gate.handshakeWait(HOME)).toBe(0);
    more(opened, 50);
    expect(gate.handshakeWait(NAT)).toBeUndefined();
    expect(opened.refused("handshake-rate")).toBe(1);
    world.now += 60_000;
    expect(gate.handshakeWait(NAT)).toBe(0);
  });

  test("holds back nobody who is behind the same address", () => {
    const opened = greedy();
    opened.gate.authenticated("fabrikam.example", NAT);
    more(opened, 50);
    expect(opened.gate.handshakeWait(NAT)).toBe(0);
    // It alone has another address.
    more(opened, 1, "192.0.2.11");
    expect(opened.gate.handshakeWait("192.0.2.11")).toBeUndefined();
  });

  test("streams that we opened to it do not count", () => {
    const { gate } = open();
    for (let index = 0; index < 1_000; index++) gate.reached("tailspin.example", NAT);
    expect(gate.handshakeWait(NAT)).toBe(0);
  });

  test("nor do those from ranges named by hand", () => {
    const { gate } = open(["192.0.2.0/24"]);
    for (let index = 0; index < 1_000; index++) gate.authenticated("tailspin.example", "192.0.2.1");
    gate.reached("tailspin.example", "198.51.100.1");
    expect(gate.handshakeWait("198.51.100.1")).toBe(0);
  });
});
