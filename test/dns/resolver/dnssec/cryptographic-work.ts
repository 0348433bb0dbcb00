import { jest } from "@jest/globals";

/** What judging an answer costs: all that takes long in it, counted, so that no other load on the machine matters. */
export interface Work {
  /** Signatures that were checked. */
  readonly signatures: number;
  /** Octets that were hashed for them. */
  readonly signedOctets: number;
  /** Public keys that were made of their octets. */
  readonly keys: number;
  /** Hashes of names and keys; for NSEC3 each round is one. */
  readonly hashes: number;
}

const crypto = jest.requireActual<typeof import("node:crypto")>("node:crypto");

/** Does it, and gives back how much of it there was. */
export function workOf(judge: () => unknown): Work {
  const [verify, createPublicKey, createHash] = [
    jest.spyOn(crypto, "verify"),
    jest.spyOn(crypto, "createPublicKey"),
    jest.spyOn(crypto, "createHash"),
  ];
  try {
    judge();
    return {
      signatures: verify.mock.calls.length,
      signedOctets: verify.mock.calls.reduce((sum, [, data]) => sum + data.byteLength, 0),
      keys: createPublicKey.mock.calls.length,
      hashes: createHash.mock.calls.length,
    };
  } finally {
    for (const spy of [verify, createPublicKey, createHash]) spy.mockRestore();
  }
}
