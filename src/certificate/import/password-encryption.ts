/**
 * Password-based encryption as PKCS#12 files use it: PBES2 (RFC 8018) today, the schemes of RFC 7292 appendix C before.
 * Node's OpenSSL does it all but RC2, the default of Windows for many years, which node-forge does.
 */
import { createDecipheriv, hash, pbkdf2Sync } from "node:crypto";
import { type BerValue, integerOf, octetsOf, oidOf } from "./ber";
import { REPLY_LIMITS, ReplyError } from "./reply-error";

/** Object identifiers in hexadecimal, as `oidOf` gives them. */
const PBES2 = "2a864886f70d01050d";
const PBKDF2 = "2a864886f70d01050c";
const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  "60864801650304012a": { name: "aes-256-cbc", keyBytes: 32 },
  "608648016503040116": { name: "aes-192-cbc", keyBytes: 24 },
  "608648016503040102": { name: "aes-128-cbc", keyBytes: 16 },
  "2a864886f70d0307": { name: "des-ede3-cbc", keyBytes: 24 },
};
const DEFAULT_PRF = "2a864886f70d0207";
const PRFS: Readonly<Record<string, string>> = {
  [DEFAULT_PRF]: "sha1",
  "2a864886f70d0209": "sha256",
  "2a864886f70d020a": "sha384",
  "2a864886f70d020b": "sha512",
};
/** RFC 7292 appendix C, SHA-1 each. */
const LEGACY: Readonly<Record<string, { readonly cipher: "des-ede3-cbc" | "rc2"; readonly keyBytes: number }>> = {
  "2a864886f70d010c0103": { cipher: "des-ede3-cbc", keyBytes: 24 },
  "2a864886f70d010c0105": { cipher: "rc2", keyBytes: 16 },
  "2a864886f70d010c0106": { cipher: "rc2", keyBytes: 5 },
};

/** What a key is derived for (RFC 7292 appendix B.3). */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;
type Hash = "sha1" | "sha256" | "sha384" | "sha512";

/**
 * Decrypts.
 * @param algorithm the AlgorithmIdentifier with its parameters
 * @throws ReplyError for a scheme that is not known, or too many rounds; an error of OpenSSL for a wrong password
 */
export function decrypt(algorithm: BerValue | undefined, encrypted: Buffer, password: string): Buffer {
  const [oid, parameters] = algorithm?.children ?? [];
  const scheme = oidOf(oid);
  if (scheme === PBES2) return decryptPbes2(parameters, encrypted, password);
  const legacy = LEGACY[scheme ?? ""];
  if (legacy === undefined) throw unknownScheme(scheme);
  const salt = octetsOf(parameters?.children[0]);
  const rounds = checkedRounds(integerOf(parameters?.children[1]));
  if (salt === undefined) throw unknownScheme(scheme);
  const derive = (purpose: number, bytes: number) => deriveKey("sha1", purpose, password, salt, rounds, bytes);
  const [key, iv] = [derive(PURPOSE.key, legacy.keyBytes), derive(PURPOSE.iv, 8)];
  return legacy.cipher === "rc2" ? decryptRc2(key, iv, encrypted) : decipher(legacy.cipher, key, iv, encrypted);
}

function decryptPbes2(parameters: BerValue | undefined, encrypted: Buffer, password: string): Buffer {
  const [derivation, encryption] = parameters?.children ?? [];
  const [kdf, kdfParameters] = derivation?.children ?? [];
  const [saltValue, roundsValue, ...optional] = kdfParameters?.children ?? [];
  const prf = optional.find((one) => one.children.length > 0);
  const digest = PRFS[prf === undefined ? DEFAULT_PRF : (oidOf(prf.children[0]) ?? "")];
  const cipher = CIPHERS[oidOf(encryption?.children[0]) ?? ""];
  const [salt, iv] = [octetsOf(saltValue), octetsOf(encryption?.children[1])];
  if (oidOf(kdf) !== PBKDF2 || !digest || !cipher || !salt || !iv) throw unknownScheme(oidOf(kdf));
  const rounds = checkedRounds(integerOf(roundsValue));
  const key = pbkdf2Sync(Buffer.from(password, "utf8"), salt, rounds, cipher.keyBytes, digest);
  return decipher(cipher.name, key, iv, encrypted);
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const cipher = createDecipheriv(name, key, iv);
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

function decryptRc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const forge = require("node-forge") as typeof import("node-forge"); // 300 kB for files that are rare
  const cipher = forge.rc2.createDecryptionCipher(key.toString("latin1"), key.length * 8);
  cipher.start(iv.toString("latin1"));
  cipher.update(forge.util.createBuffer(encrypted.toString("latin1")));
  if (!cipher.finish()) throw new Error("bad decrypt");
  return Buffer.from(cipher.output.getBytes(), "latin1");
}

/**
 * The key derivation of PKCS#12 (RFC 7292 appendix B.2).
 * @param bytes how many are wanted
 */
export function deriveKey(
  digest: Hash,
  purpose: number,
  password: string,
  salt: Buffer,
  rounds: number,
  bytes: number,
): Buffer {
  const block = digest === "sha1" || digest === "sha256" ? 64 : 128;
  // The password is BMPString with a zero at its end.
  const secret = Buffer.concat([Buffer.from(password, "utf16le").swap16(), Buffer.alloc(2)]);
  const input = Buffer.concat([stretch(salt, block), stretch(secret, block)]);
  const output: Buffer[] = [];
  for (let length = 0; length < bytes; ) {
    let digested = hash(digest, Buffer.concat([Buffer.alloc(block, purpose), input]), "buffer");
    for (let round = 1; round < rounds; round++) digested = hash(digest, digested, "buffer");
    output.push(digested);
    length += digested.length;
    const addend = stretch(digested, block).subarray(0, block);
    for (let at = 0; at < input.length; at += block) addPlusOne(input.subarray(at, at + block), addend);
  }
  return Buffer.concat(output).subarray(0, bytes);
}

/** Repeated up to a multiple of the block; nothing stays nothing. */
function stretch(bytes: Buffer, block: number): Buffer {
  const length = Math.ceil(bytes.length / block) * block;
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** Adds another number and one to a number, in place, modulo its size. */
function addPlusOne(number: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let at = number.length - 1; at >= 0; at--) {
    carry += (number[at] ?? 0) + (addend[at] ?? 0);
    number[at] = carry & 0xff;
    carry >>= 8;
  }
}

/** @throws ReplyError for more rounds than any honest file asks for */
export function checkedRounds(rounds: number | undefined): number {
  if (rounds !== undefined && rounds >= 1 && rounds <= REPLY_LIMITS.iterations) return rounds;
  throw new ReplyError(
    "too-large",
    "the PKCS#12 file asks for more rounds of key derivation than any honest one",
    `export it again with at most ${REPLY_LIMITS.iterations} iterations`,
  );
}

const unknownScheme = (oid: string | undefined) =>
  new ReplyError(
    "unreadable",
    `the PKCS#12 file is encrypted in a way that is not known here (${oid ?? "none named"})`,
    "export it again with AES-256 and SHA-256",
  );
