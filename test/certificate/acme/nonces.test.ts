import { expect, test } from "@jest/globals";
import { Nonces } from "../../../src/certificate/acme/nonces";

test("each nonce is given once, the newest first", () => {
  const nonces = new Nonces();
  nonces.keep("old");
  nonces.keep("new");
  expect([nonces.take(), nonces.take(), nonces.take()]).toEqual(["new", "old", undefined]);
});

test.each([undefined, "", "with space", "a=b", "x".repeat(257), ["twice", "given"]])(
  "%j is no nonce (RFC 8555 section 6.5.1)",
  (value) => {
    const nonces = new Nonces();
    nonces.keep(value);
    expect(nonces.take()).toBeUndefined();
  },
);

test("a server that sends many makes us keep few", () => {
  const nonces = new Nonces();
  for (let n = 0; n < 1000; n++) nonces.keep(`n${n}`);
  let kept = 0;
  while (nonces.take() !== undefined) kept++;
  expect(kept).toBe(16);
});
