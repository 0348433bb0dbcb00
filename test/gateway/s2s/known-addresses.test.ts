import { describe, expect, test } from "@jest/globals";
import {
  type AddressMemory,
  KNOWN_ADDRESSES,
  KNOWN_FOR_MS,
  KNOWN_OF_PARTNER,
  type KnownAddress,
  KnownAddresses,
} from "../../../src/gateway/s2s/known-addresses";

const DAY = 86_400_000;

/** A memory that tells how often it was written to. */
class Remembered implements AddressMemory {
  writes = 0;
  readonly #rows = new Map<string, KnownAddress>();

  knownAddresses(): KnownAddress[] {
    return [...this.#rows.values()].sort((one, other) => one.seenAt - other.seenAt);
  }
  putKnownAddress(known: KnownAddress): void {
    this.writes++;
    this.#rows.set(`${known.partner} ${known.address}`, known);
  }
  removeKnownAddress(partner: string, address: string): void {
    this.#rows.delete(`${partner} ${address}`);
  }
}

function open(memory?: AddressMemory) {
  const world = { now: 100 * DAY };
  return { world, known: new KnownAddresses(() => world.now, memory) };
}

describe("known addresses", () => {
  test("outlive the process for as long as they are used now and then", () => {
    const memory = new Remembered();
    const { known, world } = open(memory);
    known.learn("fabrikam.example", "192.0.2.1");
    known.learn("tailspin.example", "2001:db8::1");
    known.write();
    const later = (passed: number) => new KnownAddresses(() => world.now + passed, memory);
    expect(later(KNOWN_FOR_MS).has("192.0.2.1")).toBe(true);
    expect(later(KNOWN_FOR_MS).onlyPartnerAt("2001:db8:0:0::/64")).toBe("tailspin.example");
    world.now += KNOWN_FOR_MS;
    known.learn("fabrikam.example", "192.0.2.1");
    known.write();
    const much = later(1);
    expect([much.has("192.0.2.1"), much.has("2001:db8:0:0::/64")]).toEqual([true, false]);
    much.write();
    expect(memory.knownAddresses()).toHaveLength(1);
  });

  test("are written once a day and not with every stream", () => {
    const memory = new Remembered();
    const { known, world } = open(memory);
    for (let hour = 0; hour < 48; hour++) {
      known.learn("fabrikam.example", "192.0.2.1");
      known.write();
      world.now += DAY / 24;
    }
    expect(memory.writes).toBe(2);
  });

  test("of one partner are so many: it pushes its own out, and no others", () => {
    const memory = new Remembered();
    const { known } = open(memory);
    known.learn("fabrikam.example", "198.51.100.1");
    for (let index = 0; index < 1_000; index++) known.learn("tailspin.example", `10.0.${index >> 8}.${index & 255}`);
    known.write();
    expect(known.has("198.51.100.1")).toBe(true);
    expect([known.has("10.0.0.0"), known.has("10.0.3.231")]).toEqual([false, true]);
    expect(memory.knownAddresses()).toHaveLength(KNOWN_OF_PARTNER + 1);
  });

  test("of all are so many, and those used last stay", () => {
    const memory = new Remembered();
    const { known } = open(memory);
    known.learn("first.example", "192.0.2.1");
    known.learn("second.example", "192.0.2.2");
    for (let index = 0; index < KNOWN_ADDRESSES - 1; index++) {
      known.learn(`p${Math.floor(index / 32)}.example`, `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
      if (index % 1_000 === 0) known.learn("first.example", "192.0.2.1");
      if (index % 4_096 === 0) known.write();
    }
    known.write();
    expect([known.has("192.0.2.1"), known.has("192.0.2.2")]).toEqual([true, false]);
    expect(memory.knownAddresses()).toHaveLength(KNOWN_ADDRESSES);
  });

  test("belong to a partner where no other was there", () => {
    const { known } = open();
    known.learn("fabrikam.example", "192.0.2.1");
    expect(known.onlyPartnerAt("192.0.2.1")).toBe("fabrikam.example");
    known.learn("tailspin.example", "192.0.2.1");
    expect(known.onlyPartnerAt("192.0.2.1")).toBeUndefined();
    expect(known.has("192.0.2.1")).toBe(true);
    expect(known.onlyPartnerAt("192.0.2.2")).toBeUndefined();
  });

  test("are known for now where nothing can be written", () => {
    const fault = () => {
      throw new Error("the disk is full");
    };
    const { known } = open({ knownAddresses: () => [], putKnownAddress: fault, removeKnownAddress: fault });
    known.learn("fabrikam.example", "192.0.2.1");
    known.write();
    expect(known.has("192.0.2.1")).toBe(true);
  });
});
