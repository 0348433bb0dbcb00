import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";

/** Signs as a zone's owner would, or as nobody should: a second reading of RFC 4034 beside the one under test. */

export const NOW = 1_800_000_000;
const HOUR = 3600;

/** A name in canonical wire form; `\.` stands for a dot inside a label. */
export function wire(text: string): Buffer {
  const labels = text
    .replace(/\.$/, "")
    .split(/(?<!\\)\./)
    .filter((label) => label !== "")
    .map((label) => Buffer.from(label.replaceAll("\\.", ".").toLowerCase(), "latin1"));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

export const record = (owner: string, type: number, data: Buffer, ttl = 300): WireRecord => ({
  owner: wire(owner),
  type,
  ttl,
  data,
});

export const a = (owner: string, ...octets: number[]): WireRecord => record(owner, TYPE.A, Buffer.from(octets));
export const cname = (owner: string, target: string): WireRecord => record(owner, TYPE.CNAME, wire(target));
export const txt = (owner: string, text: string): WireRecord =>
  record(owner, TYPE.TXT, Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]));

export interface ZoneKey {
  readonly algorithm: number;
  readonly data: Buffer;
  readonly tag: number;
  readonly sign: (octets: Buffer) => Buffer;
}

export interface KeyOptions {
  readonly flags?: number;
  /** Bits of an RSA key. */
  readonly bits?: number;
  readonly protocol?: number;
}

/** A key of the algorithm with its secret half. */
export function zoneKey(algorithm = 13, { flags = 257, bits = 1024, protocol = 3 }: KeyOptions = {}): ZoneKey {
  const { publicOctets, signing } = material(algorithm, bits);
  const data = Buffer.concat([Buffer.from([flags >> 8, flags & 0xff, protocol, algorithm]), publicOctets]);
  return { algorithm, data, tag: tagOf(data), sign: signing };
}

/** Keys whose tags are all the same: reserved flags, which change nothing but the tag, are set until they meet. */
export function collidingKeys(count: number, algorithm = 13): ZoneKey[] {
  const first = zoneKey(algorithm);
  const keys = [first];
  while (keys.length < count) {
    const { publicOctets, signing } = material(algorithm, 1024);
    for (let spare = 0; spare < 1 << 13; spare++) {
      const flags = 257 | ((spare & 0x3f) << 1) | ((spare >> 6) << 9);
      const data = Buffer.concat([Buffer.from([flags >> 8, flags & 0xff, 3, algorithm]), publicOctets]);
      if (tagOf(data) !== first.tag) continue;
      keys.push({ algorithm, data, tag: first.tag, sign: signing });
      break;
    }
  }
  return keys;
}

const hashes = new Map([
  [5, "sha1"],
  [7, "sha1"],
  [8, "sha256"],
  [10, "sha512"],
  [13, "sha256"],
  [14, "sha384"],
]);

function material(algorithm: number, bits: number) {
  const part = (key: KeyObject, name: "x" | "y" | "n" | "e") =>
    Buffer.from(key.export({ format: "jwk" })[name]!, "base64url");
  const hash = hashes.get(algorithm) ?? null;
  if (algorithm === 13 || algorithm === 14) {
    const pair = generateKeyPairSync("ec", { namedCurve: algorithm === 13 ? "P-256" : "P-384" });
    return {
      publicOctets: Buffer.concat([part(pair.publicKey, "x"), part(pair.publicKey, "y")]),
      signing: (octets: Buffer) => sign(hash, octets, { key: pair.privateKey, dsaEncoding: "ieee-p1363" }),
    };
  }
  if (algorithm === 15 || algorithm === 16) {
    const pair = algorithm === 15 ? generateKeyPairSync("ed25519") : generateKeyPairSync("ed448");
    return {
      publicOctets: part(pair.publicKey, "x"),
      signing: (octets: Buffer) => sign(null, octets, pair.privateKey),
    };
  }
  const pair = generateKeyPairSync("rsa", { modulusLength: bits });
  const e = part(pair.publicKey, "e");
  return {
    publicOctets: Buffer.concat([Buffer.from([e.length]), e, part(pair.publicKey, "n")]),
    signing: (octets: Buffer) => sign(hash ?? "sha256", octets, pair.privateKey),
  };
}

function tagOf(data: Buffer): number {
  const padded = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.from([0])]);
  let sum = 0;
  for (let at = 0; at < padded.length; at += 2) sum += padded.readUInt16BE(at);
  return ((sum & 0xffff) + (sum >>> 16)) & 0xffff;
}

export const dnskeys = (zone: string, ...keys: readonly Pick<ZoneKey, "data">[]): WireRecord[] =>
  keys.map(({ data }) => record(zone, TYPE.DNSKEY, data));

export function ds(zone: string, key: ZoneKey, digestType = 2): WireRecord {
  const head = Buffer.from([key.tag >> 8, key.tag & 0xff, key.algorithm, digestType]);
  const hash = ({ 1: "sha1", 2: "sha256", 4: "sha384" } as Record<number, string>)[digestType] ?? "sha256";
  return record(zone, TYPE.DS, Buffer.concat([head, createHash(hash).update(wire(zone)).update(key.data).digest()]));
}

export interface SignOptions {
  readonly inception?: number;
  readonly expires?: number;
  /** The count of labels to claim; fewer than the owner has make it a wildcard's. */
  readonly labels?: number;
  readonly originalTtl?: number;
  readonly algorithm?: number;
  readonly tag?: number;
  /** The octets put in place of the true signature. */
  readonly forged?: Buffer;
}

/** The RRSIG over records of one name and type. */
export function rrsig(set: readonly WireRecord[], zone: string, key: ZoneKey, options: SignOptions = {}): WireRecord {
  const { owner, type, ttl } = set[0]!;
  const split = splitLabels(owner);
  const own = split[0]?.equals(Buffer.from("\x01*")) ? split.length - 1 : split.length;
  const { labels = own, originalTtl = ttl, algorithm = key.algorithm, tag = key.tag } = options;
  const head = Buffer.alloc(18);
  head.writeUInt16BE(type, 0);
  head.writeUInt8(algorithm, 2);
  head.writeUInt8(labels, 3);
  head.writeUInt32BE(originalTtl, 4);
  head.writeUInt32BE((options.expires ?? NOW + 24 * HOUR) >>> 0, 8);
  head.writeUInt32BE((options.inception ?? NOW - HOUR) >>> 0, 12);
  head.writeUInt16BE(tag, 16);
  const signer = wire(zone);
  const signedOwner =
    labels < own
      ? Buffer.concat([Buffer.from("\x01*"), ...split.slice(split.length - labels), Buffer.from([0])])
      : owner;
  const distinct = [...new Set(set.map(({ data }) => data.toString("hex")))]
    .sort()
    .map((hex) => Buffer.from(hex, "hex"));
  const middle = Buffer.alloc(8);
  middle.writeUInt16BE(type, 0);
  middle.writeUInt16BE(1, 2);
  middle.writeUInt32BE(originalTtl, 4);
  const records = distinct.flatMap((data) => [
    signedOwner,
    middle,
    Buffer.from([data.length >> 8, data.length & 0xff]),
    data,
  ]);
  const signature = options.forged ?? key.sign(Buffer.concat([head, signer, ...records]));
  return { owner, type: TYPE.RRSIG, ttl, data: Buffer.concat([head, signer, signature]) };
}

/** Records of one name and type with their signature. */
export const signed = (
  set: readonly WireRecord[],
  zone: string,
  key: ZoneKey,
  options: SignOptions = {},
): WireRecord[] => [...set, rrsig(set, zone, key, options)];

function splitLabels(name: Buffer): Buffer[] {
  const labels: Buffer[] = [];
  for (let at = 0; name[at]! > 0; at += name[at]! + 1) labels.push(name.subarray(at, at + 1 + name[at]!));
  return labels;
}

/** The types as the bitmap of an NSEC or NSEC3. */
export function bitmap(types: readonly number[]): Buffer {
  const windows = new Map<number, number[]>();
  for (const type of types) windows.set(type >> 8, [...(windows.get(type >> 8) ?? []), type & 0xff]);
  return Buffer.concat(
    [...windows]
      .sort(([first], [second]) => first - second)
      .map(([window, lows]) => {
        const octets = Buffer.alloc((Math.max(...lows) >> 3) + 1);
        for (const low of lows) octets[low >> 3]! |= 0x80 >> (low & 7);
        return Buffer.concat([Buffer.from([window, octets.length]), octets]);
      }),
  );
}

export const nsec = (owner: string, next: string, types: readonly number[]): WireRecord =>
  record(owner, TYPE.NSEC, Buffer.concat([wire(next), bitmap([...types, TYPE.RRSIG, TYPE.NSEC])]));

export interface Hashing {
  readonly iterations?: number;
  readonly salt?: string;
}

export function hashOf(name: string, { iterations = 0, salt = "" }: Hashing = {}): Buffer {
  let digest: Buffer = wire(name);
  for (let i = 0; i <= iterations; i++)
    digest = createHash("sha1")
      .update(Buffer.concat([digest, Buffer.from(salt, "hex")]))
      .digest();
  return digest;
}

export interface Nsec3Options extends Hashing {
  readonly types: readonly number[];
  readonly flags?: number;
  readonly hash?: number;
}

/** An NSEC3 from one hash to another. */
export function nsec3(zone: string, from: Buffer, to: Buffer, options: Nsec3Options): WireRecord {
  const { types, iterations = 0, salt = "", flags = 0, hash = 1 } = options;
  const salted = Buffer.from(salt, "hex");
  const fixed = Buffer.from([hash, flags, iterations >> 8, iterations & 0xff, salted.length]);
  const data = Buffer.concat([fixed, salted, Buffer.from([to.length]), to, bitmap(types)]);
  return record(`${base32hex(from)}.${zone}`, TYPE.NSEC3, data);
}

/** An NSEC3 that matches the name. */
export const nsec3At = (zone: string, name: string, options: Nsec3Options): WireRecord => {
  const hash = hashOf(name, options);
  return nsec3(zone, hash, moved(hash, 1), options);
};

/** An NSEC3 whose gap the name falls into. */
export const nsec3Over = (zone: string, name: string, options: Nsec3Options): WireRecord => {
  const hash = hashOf(name, options);
  return nsec3(zone, moved(hash, -1), moved(hash, 1), options);
};

function moved(hash: Buffer, by: number): Buffer {
  const value = (BigInt(`0x${hash.toString("hex")}`) + BigInt(by)) & ((1n << 160n) - 1n);
  return Buffer.from(value.toString(16).padStart(40, "0"), "hex");
}

function base32hex(octets: Buffer): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? []).map((five) => parseInt(five, 2).toString(32)).join("");
}
