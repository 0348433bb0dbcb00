import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dialbackKey, isUsableStreamId, sameKey } from "../../../src/gateway/s2s/dialback-key";

describe("the dialback key", () => {
  test("is the one of XEP-0185's example", () => {
    // Section 3: secret, receiving server, originating server, stream id.
    expect(dialbackKey("s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F")).toBe(
      "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643",
    );
  });

  test("is an HMAC-SHA256 under the hashed secret, its parts kept apart", () => {
    const secret = createHash("sha256").update("secret").digest("hex");
    expect(dialbackKey("secret", "a.example", "b.example", "id")).toBe(
      createHmac("sha256", secret).update("a.example b.example id").digest("hex"),
    );
  });

  test.each([
    ["a.example", "b.example", "id", "a.exampleb.example", "", "id"],
    ["a.example", "evil.example", "1x", "a.example", "evil.example1", "x"],
    ["ab", "c", "d", "a", "bc", "d"],
  ])("of %s, %s and %s is not that of %s, %s and %s", (receiving, originating, id, ...other) => {
    const [otherReceiving, otherOriginating, otherId] = other;
    expect(dialbackKey("secret", receiving, originating, id)).not.toBe(
      dialbackKey("secret", otherReceiving, otherOriginating, otherId),
    );
  });

  test("differs whenever receiving, originating or id differ, as long as none holds a space", () => {
    const part = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (one, other) => {
        const same = one.every((text, index) => text === other[index]);
        expect(dialbackKey("secret", ...one) === dialbackKey("secret", ...other)).toBe(same);
      }),
    );
  });

  test("is compared whole", () => {
    expect(sameKey("abc", "abc")).toBe(true);
    for (const other of ["", "ab", "abcd", "ABC", "abd"]) expect(sameKey("abc", other)).toBe(false);
  });

  test.each([
    ["abc", true],
    ["x".repeat(256), true],
    ["<&'\">", true],
    ["", false],
    ["a b", false],
    ["a\u00a0b", false],
    ["a\n", false],
    ["x".repeat(257), false],
  ])("takes the stream id %j: %s", (id, usable) => {
    expect(isUsableStreamId(id)).toBe(usable);
  });
});
