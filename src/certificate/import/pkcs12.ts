/** The certificates and keys of a PKCS#12 file (RFC 7292), new or of old Windows and Java. */
import { createHmac, createPrivateKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { BER, type BerValue, integerOf, octetsOf, oidOf, readBer } from "./ber";
import { checkedRounds, decrypt, deriveKey, PURPOSE } from "./password-encryption";
import { REPLY_LIMITS, ReplyError } from "./reply-error";

/** What such a file holds for us. */
export interface Pkcs12Content {
  /** DER. */
  readonly certificates: readonly Buffer[];
  readonly keys: readonly KeyObject[];
}

/** Object identifiers in hexadecimal, as `oidOf` gives them. */
const DATA = "2a864886f70d010701";
const ENCRYPTED_DATA = "2a864886f70d010706";
const BAG = {
  key: "2a864886f70d010c0a0101",
  shroudedKey: "2a864886f70d010c0a0102",
  certificate: "2a864886f70d010c0a0103",
} as const;
const X509_CERTIFICATE = "2a864886f70d01091601";
const DIGESTS: Readonly<Record<string, "sha1" | "sha256" | "sha384" | "sha512">> = {
  "2b0e03021a": "sha1",
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};

/** Whether a value is a PFX: SEQUENCE { version INTEGER (3), authSafe ContentInfo, … }. */
export function isPkcs12({ children: [version, safe] }: BerValue): boolean {
  return integerOf(version) === 3 && oidOf(safe?.children[0]) !== undefined;
}

/**
 * @param passphrase of the file; an empty one is one, too
 * @throws ReplyError, and nothing else, whatever the bytes are
 */
export function readPkcs12(bytes: Buffer, passphrase: string): Pkcs12Content {
  const [, safe, mac] = readBer(bytes, "the PKCS#12 file").children;
  const content = octetsOf(safe?.children[1]?.children[0]);
  if (oidOf(safe?.children[0]) !== DATA || content === undefined)
    throw unreadable("it is signed by a key instead of a passphrase, or damaged");
  try {
    // Integrity comes first: nothing is decrypted of a file that the passphrase does not vouch for.
    if (mac !== undefined) checkMac(mac, content, passphrase);
    const bags = safeContents(content, passphrase).flatMap((one) => readBer(one, "a part of it").children);
    if (bags.length > REPLY_LIMITS.parts)
      throw new ReplyError("too-large", `more than ${REPLY_LIMITS.parts} parts`, "export what is yours alone");
    return {
      certificates: bags.flatMap(certificateOf),
      keys: bags.flatMap((bag) => keyOf(bag, passphrase)),
    };
  } catch (error) {
    if (error instanceof ReplyError && error.code !== "unreadable") throw error;
    if (error instanceof ReplyError && mac !== undefined) throw error;
    throw wrongPassphrase(error); // OpenSSL's: what came out of decryption is no sense
  }
}

/** RFC 7292 section 5.1: an HMAC over the contents, by a key that is derived from the passphrase. */
function checkMac(mac: BerValue, content: Buffer, passphrase: string): void {
  const [digestInfo, saltValue, roundsValue] = mac.children;
  const digest = DIGESTS[oidOf(digestInfo?.children[0]?.children[0]) ?? ""];
  const [expected, salt] = [octetsOf(digestInfo?.children[1]), octetsOf(saltValue)];
  if (digest === undefined || expected === undefined || salt === undefined)
    throw unreadable("its integrity is protected in a way that is not known here");
  const rounds = roundsValue === undefined ? 1 : checkedRounds(integerOf(roundsValue));
  const key = deriveKey(digest, PURPOSE.mac, passphrase, salt, rounds, expected.length);
  const found = createHmac(digest, key).update(content).digest();
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) throw wrongPassphrase();
}

function safeContents(content: Buffer, passphrase: string): Buffer[] {
  return readBer(content, "the contents of the PKCS#12 file").children.map((info) => {
    const [type, explicit] = info.children;
    const plain = octetsOf(explicit?.children[0]);
    if (oidOf(type) === DATA && plain !== undefined) return plain;
    const [, algorithm, encrypted] = explicit?.children[0]?.children[1]?.children ?? [];
    const octets = octetsOf(encrypted, BER.context0 & ~0x20);
    if (oidOf(type) !== ENCRYPTED_DATA || octets === undefined)
      throw unreadable("a part of it is encrypted for a key instead of a passphrase, or damaged");
    return decrypt(algorithm, octets, passphrase);
  });
}

function certificateOf(bag: BerValue): Buffer[] {
  const [type, explicit] = bag.children;
  const [kind, value] = explicit?.children[0]?.children ?? [];
  const der = octetsOf(value?.children[0]);
  return oidOf(type) === BAG.certificate && oidOf(kind) === X509_CERTIFICATE && der !== undefined ? [der] : [];
}

function keyOf(bag: BerValue, passphrase: string): KeyObject[] {
  const [type, explicit] = bag.children;
  const value = explicit?.children[0];
  const key = (pkcs8: Buffer) => createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  if (oidOf(type) === BAG.key && value !== undefined) return [key(value.raw)];
  const encrypted = octetsOf(value?.children[1]);
  if (oidOf(type) !== BAG.shroudedKey || encrypted === undefined) return [];
  return [key(decrypt(value?.children[0], encrypted, passphrase))];
}

const unreadable = (found: string) =>
  new ReplyError("unreadable", `the PKCS#12 file cannot be read: ${found}`, "export it again with a passphrase");

const wrongPassphrase = (cause?: unknown) =>
  new ReplyError(
    "wrong-passphrase",
    "the PKCS#12 file does not open: its passphrase is another one, or it is damaged",
    "give the passphrase it was exported with, or export it again",
    { cause },
  );
