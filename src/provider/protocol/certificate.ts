import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** The self-signed certificate of one run of a plugin: ECDSA P-256, SAN localhost, a CA to itself, never stored. */
export interface RunCertificate {
  readonly key: Buffer;
  readonly pem: Buffer;
  readonly der: Buffer;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Terraform checks it against `localhost` and for both extended key usages, since it serves and is pinned as a CA. */
export function selfSigned(now: Date): RunCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, Buffer.from("localhost")))));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 1; // positive and not zero (RFC 5280 section 4.1.2.2)
  const body = sequence(
    der(0xa0, Buffer.from([2, 1, 2])),
    der(0x02, serial),
    algorithm,
    name,
    sequence(utcTime(new Date(now.getTime() - MINUTE)), utcTime(new Date(now.getTime() + DAY))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      sequence(
        extension("2.5.29.15", der(0x03, Buffer.from([2, 0b10001100])), true), // digitalSignature, keyAgreement, keyCertSign
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))), // serverAuth, clientAuth
        extension("2.5.29.19", sequence(TRUE), true), // CA
        extension("2.5.29.17", sequence(der(0x82, Buffer.from("localhost")))), // SAN
      ),
    ),
  );
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), sign("sha256", body, privateKey)));
  const lines = certificate.toString("base64").match(/.{1,64}/g)!;
  return {
    key: Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" })),
    pem: Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`),
    der: certificate,
  };
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const n = body.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);

const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split(".").map(Number);
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** `20300102030405Z` without its century, as UTCTime has it. */
const utcTime = (date: Date): Buffer =>
  der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

function extension(id: string, value: Buffer, critical = false): Buffer {
  return critical ? sequence(oid(id), TRUE, der(0x04, value)) : sequence(oid(id), der(0x04, value));
}
