import { describe, expect, test } from "@jest/globals";
import { findKeyWeakness, findSignatureWeakness } from "../../src/certificate/algorithms";
import { DerReader, TAG } from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";

const oid = (hex: string) => encodeDer(TAG.oid, Buffer.from(hex, "hex"));
const NULL = Buffer.from("0500", "hex");
const RSA = oid("2a864886f70d010101");
const EC = oid("2a8648ce3d0201");
const PSS = "2a864886f70d01010a";

const keyOf = (algorithm: Buffer[], key: Buffer) => {
  const info = encodeDer(
    TAG.sequence,
    encodeDer(TAG.sequence, ...algorithm),
    encodeDer(TAG.bitString, Buffer.from([0]), key),
  );
  const reader = new DerReader(info, "the test");
  return findKeyWeakness(reader.any("the key"), reader);
};
const rsaKey = (bits: number, exponent = "010001") => {
  const modulus = Buffer.alloc(Math.ceil(bits / 8) + 1, 0xff);
  modulus[0] = 0;
  modulus[1] = 0xff >> (7 - ((bits - 1) % 8));
  const numbers = [encodeDer(TAG.integer, modulus), encodeDer(TAG.integer, Buffer.from(exponent, "hex"))];
  return keyOf([RSA, NULL], encodeDer(TAG.sequence, ...numbers));
};

describe("keys", () => {
  test.each([
    [1024, "weak-key"],
    [2047, "weak-key"],
    [2048, undefined],
    [4096, undefined],
    [8192, undefined],
    [8193, "oversized-key"],
    [16384, "oversized-key"],
  ])("RSA of %i bits: %s", (bits, expected) => {
    const weakness = rsaKey(bits);
    expect(weakness?.code).toBe(expected);
    if (weakness) expect(weakness.detail).toBe(`an RSA key of ${bits} bits`);
  });

  test.each([
    ["01", "weak-key"],
    ["02", "weak-key"],
    ["010000", "weak-key"],
    ["03", undefined],
    ["010001", undefined],
  ])("RSA with the exponent %s: %s", (exponent, expected) => {
    expect(rsaKey(2048, exponent)?.code).toBe(expected);
  });

  test.each([
    ["P-256", oid("2a8648ce3d030107"), undefined],
    ["P-384", oid("2b81040022"), undefined],
    ["P-521", oid("2b81040023"), undefined],
    ["P-224", oid("2b81040021"), "weak-key"],
    ["secp256k1", oid("2b8104000a"), "weak-key"],
    ["a curve spelled out", encodeDer(TAG.sequence), "weak-key"],
    ["no curve", Buffer.alloc(0), "weak-key"],
  ])("elliptic curve, %s: %s", (_title, parameters, expected) => {
    expect(keyOf([EC, parameters], Buffer.alloc(65))?.code).toBe(expected);
  });

  test.each([
    ["Ed25519", "2b6570", undefined],
    ["Ed448", "2b6571", undefined],
    ["X25519", "2b656e", "weak-key"],
    ["DSA", "2a8648ce380401", "weak-key"],
  ])("%s: %s", (_title, type, expected) => {
    expect(keyOf([oid(type)], Buffer.alloc(32))?.code).toBe(expected);
  });
});

describe("signatures", () => {
  const weakness = (...parts: Buffer[]) => findSignatureWeakness(new DerReader(Buffer.concat(parts), "the test"));
  const pssParameters = (hash: string) =>
    encodeDer(TAG.sequence, encodeDer(0xa0, encodeDer(TAG.sequence, oid(hash), NULL)));

  test.each([
    ["SHA-256 with RSA", [oid("2a864886f70d01010b"), NULL], undefined],
    ["SHA-512 with RSA", [oid("2a864886f70d01010d"), NULL], undefined],
    ["ECDSA with SHA-384", [oid("2a8648ce3d040303")], undefined],
    ["Ed25519", [oid("2b6570")], undefined],
    ["SHA-1 with RSA", [oid("2a864886f70d010105"), NULL], "SHA-1 with RSA"],
    ["MD5 with RSA", [oid("2a864886f70d010104"), NULL], "MD5 with RSA"],
    ["ECDSA with SHA-1", [oid("2a8648ce3d0401")], "ECDSA with SHA-1"],
    ["one that nobody knows", [oid("2b0601")], "1.3.6.1"],
    ["PSS with SHA-256", [oid(PSS), pssParameters("608648016503040201")], undefined],
    ["PSS with SHA-1", [oid(PSS), pssParameters("2b0e03021a")], "RSA-PSS with 1.3.14.3.2.26"],
    ["PSS by default", [oid(PSS), encodeDer(TAG.sequence)], "RSA-PSS with SHA-1"],
    ["PSS without parameters", [oid(PSS)], "RSA-PSS with SHA-1"],
  ])("%s", (_title, parts, expected) => {
    expect(weakness(...parts)).toBe(expected);
  });
});
