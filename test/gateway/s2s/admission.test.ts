import { describe, expect, test } from "@jest/globals";
import { addressGroup } from "../../../src/gateway/s2s/address-group";
import {
  Admission,
  MAXIMUM_UNAUTHENTICATED,
  MAXIMUM_UNAUTHENTICATED_PER_ADDRESS,
  type Sheddable,
} from "../../../src/gateway/s2s/admission";
import { partner } from "../documents";

function stranger(shed: string[], name: string): Sheddable {
  return { shed: () => void shed.push(name) };
}

describe("streams that have not authenticated", () => {
  test("16 of one address: the oldest of that address is shed", () => {
    const admission = new Admission(() => 1000);
    const shed: string[] = [];
    admission.begin(stranger(shed, "elsewhere"), "192.0.2.2");
    for (let index = 0; index < 16; index++) admission.begin(stranger(shed, `${index}`), "192.0.2.1");
    expect(shed).toEqual([]);
    admission.begin(stranger(shed, "16"), "192.0.2.1");
    admission.begin(stranger(shed, "17"), "192.0.2.1");
    expect(shed).toEqual(["0", "1"]);
    expect(admission.unauthenticated).toBe(17);
    expect(MAXIMUM_UNAUTHENTICATED_PER_ADDRESS).toBe(16);
  });

  test("256 in all: the oldest of all is shed", () => {
    const admission = new Admission(() => 1000);
    const shed: string[] = [];
    for (let index = 0; index < 258; index++) admission.begin(stranger(shed, `${index}`), `192.0.2.${index % 200}`);
    expect(shed).toEqual(["0", "1"]);
    expect(admission.unauthenticated).toBe(MAXIMUM_UNAUTHENTICATED);
    expect(MAXIMUM_UNAUTHENTICATED).toBe(256);
  });

  test("one that is settled, by authentication or its end, counts no more; twice is once", () => {
    const admission = new Admission(() => 1000);
    const shed: string[] = [];
    const streams = Array.from({ length: 16 }, (_, index) => stranger(shed, `${index}`));
    for (const one of streams) admission.begin(one, "192.0.2.1");
    admission.settle(streams[0]!);
    admission.settle(streams[0]!);
    admission.begin(stranger(shed, "next"), "192.0.2.1");
    expect(shed).toEqual([]);
    admission.begin(stranger(shed, "one too many"), "192.0.2.1");
    expect(shed).toEqual(["1"]);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("%s counts as %s", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

describe("authenticated streams", () => {
  const row = partner({ connectionLimit: 2 });

  test("a partner's own limit counts both directions", () => {
    const admission = new Admission(() => 1000);
    admission.count(row);
    expect(admission.admits(row, "out")).toBe(true);
    const uncount = admission.count(row);
    expect(admission.admits(row, "in")).toBe(false);
    expect(admission.admits(row, "out")).toBe(false);
    uncount();
    uncount(); // once only
    expect(admission.admits(row, "in")).toBe(true);
    admission.count(row);
    expect(admission.admits(row, "in")).toBe(false);
  });

  test("additional domains share their partner's limit, other partners have their own", () => {
    const admission = new Admission(() => 1000);
    admission.count(row);
    admission.count(row);
    expect(admission.admits(partner({ domain: "other.example" }), "in")).toBe(true);
  });

  test.each([
    [10, 9],
    [20, 18],
    [1000, 900],
    [15, 13],
  ])("of a total of %d, %d may come in", (limit, inward) => {
    const admission = new Admission(() => limit);
    const wide = partner({ connectionLimit: 100_000 });
    for (let index = 0; index < inward; index++) {
      expect(admission.admits(wide, "in")).toBe(true);
      admission.count(wide);
    }
    expect(admission.admits(wide, "in")).toBe(false);
    for (let index = inward; index < limit; index++) {
      expect(admission.admits(wide, "out")).toBe(true);
      admission.count(wide);
    }
    expect(admission.admits(wide, "out")).toBe(false);
  });
});
