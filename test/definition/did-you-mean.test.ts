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
  ])("%s: %s", (written, meant) => {
    expect(didYouMean(written, keys)).toBe(meant);
  });

  test("looks at no more than a key's length of a text of any length", () => {
    expect(didYouMean("x".repeat(10_000_000), keys)).toBeUndefined();
  });
});
