import { describe, expect, test } from "@jest/globals";
import { didYouMean } from "../../src/definition/did-you-mean";

describe("did you mean", () => {
  const keys = ["name", "domains", "tlsNegotiation", "saslNegotiation"];
  test.each([
    ["nmae", "name"],
    ["Name", "name"],
    ["domain", "domains"],
    ["tslNegotiation", "tlsNegotiation"],
    ["saslNegotation", "saslNegotiation"],
    ["something else", undefined],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
  ])("%.20s: %s", (written, meant) => {
    expect(didYouMean(written, keys)).toBe(meant);
  });
});
