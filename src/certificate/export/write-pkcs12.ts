/** Writes PKCS#12 (RFC 7292) with PBES2, AES-256 and SHA-256, which every key store of the last years reads. */
import { createCipheriv, createHmac, hash, type KeyObject, pbkdf2Sync, randomBytes } from "node:crypto";
import { contextConstructed, contextPrimitive, TAG } from "../der";
import { encodeDer } from "../der-write";
import { deriveKey, PURPOSE } from "../import/password-encryption";

/** Rounds of key derivation: some readers refuse files that ask for several times this. */
const ROUNDS = 100_000;
const SALT_BYTES = 16;
const SHA256_BYTES = 32;

/** Object identifiers in the octets of their content. */
const OID = {
  data: "2a864886f70d010701",
  encryptedData: "2a864886f70d010706",
  pbes2: "2a864886f70d01050d",
  pbkdf2: "2a864886f70d01050c",
  hmacSha256: "2a864886f70d0209",
  aes256Cbc: "60864801650304012a",
  sha256: "608648016503040201",
  shroudedKeyBag: "2a864886f70d010c0a0102",
  certBag: "2a864886f70d010c0a0103",
  x509Certificate: "2a864886f70d01091601",
  friendlyName: "2a864886f70d010914",
  localKeyId: "2a864886f70d010915",
} as const;

/** What to write. */
export interface Pkcs12Options {
  /** DER, leaf first. */
  readonly certificates: readonly Buffer[];
  readonly key: KeyObject;
  readonly passphrase: string;
  /** Shown by Windows, and the alias in Java. */
  readonly friendlyName?: string;
}

/** The whole file, in DER. */
export function writePkcs12({ certificates, key, passphrase, friendlyName }: Pkcs12Options): Buffer {
  const [leaf] = certificates;
  if (leaf === undefined) throw new RangeError("a PKCS#12 file needs a certificate");
  const attributes = attributesOf(hash("sha1", leaf, "buffer"), friendlyName);
  const keyBag = sequence(
    oid(OID.shroudedKeyBag),
    explicit(encrypt(key.export({ format: "der", type: "pkcs8" }), passphrase).keyInfo),
    attributes,
  );
  const certBags = certificates.map((der, index) =>
    sequence(
      oid(OID.certBag),
      explicit(sequence(oid(OID.x509Certificate), explicit(octets(der)))),
      ...(index === 0 ? [attributes] : []),
    ),
  );
  const authenticatedSafe = sequence(
    encrypt(sequence(...certBags), passphrase).contentInfo,
    sequence(oid(OID.data), explicit(octets(sequence(keyBag)))),
  );
  return sequence(
    integer(3),
    sequence(oid(OID.data), explicit(octets(authenticatedSafe))),
    macOf(authenticatedSafe, passphrase),
  );
}

/** The same encrypted octets in the two forms that the file has: a key's, and a content's. */
function encrypt(plain: Buffer, passphrase: string): { readonly keyInfo: Buffer; readonly contentInfo: Buffer } {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(16)];
  const key = pbkdf2Sync(Buffer.from(passphrase, "utf8"), salt, ROUNDS, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const prf = sequence(oid(OID.hmacSha256), encodeDer(0x05));
  const algorithm = sequence(
    oid(OID.pbes2),
    sequence(
      sequence(oid(OID.pbkdf2), sequence(octets(salt), integer(ROUNDS), prf)),
      sequence(oid(OID.aes256Cbc), octets(iv)),
    ),
  );
  const content = sequence(oid(OID.data), algorithm, encodeDer(contextPrimitive(0), encrypted));
  return {
    keyInfo: sequence(algorithm, octets(encrypted)),
    contentInfo: sequence(oid(OID.encryptedData), explicit(sequence(integer(0), content))),
  };
}

function macOf(content: Buffer, passphrase: string): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const key = deriveKey("sha256", PURPOSE.mac, passphrase, salt, ROUNDS, SHA256_BYTES);
  const digest = createHmac("sha256", key).update(content).digest();
  const algorithm = sequence(oid(OID.sha256), encodeDer(0x05));
  return sequence(sequence(algorithm, octets(digest)), octets(salt), integer(ROUNDS));
}

/** The key id ties key and certificate together; a SET is in order in DER. */
function attributesOf(localKeyId: Buffer, friendlyName: string | undefined): Buffer {
  const attribute = (type: string, value: Buffer) => sequence(oid(type), encodeDer(TAG.set, value));
  const all = [attribute(OID.localKeyId, octets(localKeyId))];
  if (friendlyName !== undefined && friendlyName !== "")
    all.push(attribute(OID.friendlyName, encodeDer(TAG.bmpString, Buffer.from(friendlyName, "utf16le").swap16())));
  return encodeDer(TAG.set, ...all.sort(Buffer.compare));
}

const sequence = (...parts: readonly Buffer[]) => encodeDer(TAG.sequence, ...parts);
const octets = (content: Buffer) => encodeDer(TAG.octetString, content);
const oid = (content: string) => encodeDer(TAG.oid, Buffer.from(content, "hex"));
const explicit = (value: Buffer) => encodeDer(contextConstructed(0), value);

/** INTEGER from 0 on. */
function integer(number: number): Buffer {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return encodeDer(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
