/** What an algorithm number means to node:crypto (IANA "DNS Security Algorithm Numbers"). */
export type Algorithm =
  | { readonly kind: "rsa"; readonly digest: "sha1" | "sha256" | "sha512" }
  | {
      readonly kind: "ecdsa";
      readonly digest: "sha256" | "sha384";
      readonly curve: "P-256" | "P-384";
      readonly octets: 32 | 48;
    }
  | { readonly kind: "eddsa"; readonly curve: "Ed25519" | "Ed448"; readonly octets: 32 | 57 };

/** SHA-1 is still validated: RFC 9905 section 3 asks that of validators, while nobody may sign by it any more. */
const ALGORITHMS = new Map<number, Algorithm>([
  [5, { kind: "rsa", digest: "sha1" }],
  [7, { kind: "rsa", digest: "sha1" }],
  [8, { kind: "rsa", digest: "sha256" }],
  [10, { kind: "rsa", digest: "sha512" }],
  [13, { kind: "ecdsa", digest: "sha256", curve: "P-256", octets: 32 }],
  [14, { kind: "ecdsa", digest: "sha384", curve: "P-384", octets: 48 }],
  [15, { kind: "eddsa", curve: "Ed25519", octets: 32 }],
  [16, { kind: "eddsa", curve: "Ed448", octets: 57 }],
]);

/** The algorithm, where we know it. A zone that uses none that we know is insecure (RFC 4035 section 5.2). */
export const algorithmOf = (number: number): Algorithm | undefined => ALGORITHMS.get(number);
