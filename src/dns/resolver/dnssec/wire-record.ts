import { MalformedMessage } from "../message-structure";
import { readName, type WireName } from "./wire-name";

/** Types by number, as far as signatures concern them (IANA registry "Resource Record (RR) TYPEs"). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TLSA: 52,
  CAA: 257,
} as const;

const IN = 1;

/** A record of class IN with its data in canonical form (RFC 4034 section 6.2). */
export interface WireRecord {
  readonly owner: WireName;
  readonly type: number;
  readonly ttl: number;
  readonly data: Buffer;
}

/** Records of one name and type: what one signature is over. */
export interface RecordSet {
  readonly owner: WireName;
  readonly type: number;
  readonly records: readonly WireRecord[];
}

/** What a response says, as octets. */
export interface SignedAnswer {
  readonly exists: boolean;
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
}

/** Octets before the first name, how many names follow one another, and octets after them. */
const NAMES_IN = new Map<number, readonly [before: number, names: number, after: number]>([
  [TYPE.NS, [0, 1, 0]],
  [TYPE.CNAME, [0, 1, 0]],
  [TYPE.DNAME, [0, 1, 0]],
  [TYPE.PTR, [0, 1, 0]],
  [TYPE.MX, [2, 1, 0]],
  [TYPE.SRV, [6, 1, 0]],
  [TYPE.SOA, [0, 2, 20]],
]);

const HEADER = 12;
const NXDOMAIN = 3;

/**
 * Reads the answer and authority sections of a response whose structure was checked already.
 * @throws MalformedMessage
 */
export function readSignedAnswer(message: Buffer): SignedAnswer {
  if (message.length < HEADER) throw new MalformedMessage("too few octets for a header");
  let offset = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = readName(message, offset).end + 4;
  const section = (count: number): WireRecord[] => {
    const records: WireRecord[] = [];
    for (let left = count; left > 0; left--) {
      const read = readRecord(message, offset);
      offset = read.end;
      if (read.record !== undefined) records.push(read.record);
    }
    return records;
  };
  const answers = section(message.readUInt16BE(6));
  const authorities = section(message.readUInt16BE(8));
  return { exists: (message[3]! & 0xf) !== NXDOMAIN, answers, authorities };
}

function readRecord(message: Buffer, start: number): { readonly record?: WireRecord; readonly end: number } {
  const { name: owner, end: fixed } = readName(message, start);
  const at = fixed + 10;
  if (at > message.length) throw new MalformedMessage("it ends inside a record");
  const type = message.readUInt16BE(fixed);
  const ttl = message.readUInt32BE(fixed + 4);
  const end = at + message.readUInt16BE(fixed + 8);
  if (end > message.length) throw new MalformedMessage("it ends inside a record");
  if (message.readUInt16BE(fixed + 2) !== IN) return { end };
  return { record: { owner, type, ttl, data: canonicalData(message, type, at, end) }, end };
}

function canonicalData(message: Buffer, type: number, start: number, end: number): Buffer {
  const layout = NAMES_IN.get(type);
  if (layout === undefined) return message.subarray(start, end);
  const [before, names, after] = layout;
  const parts = [message.subarray(start, start + before)];
  let offset = start + before;
  for (let left = names; left > 0; left--) {
    const read = readName(message, offset);
    parts.push(read.name);
    offset = read.end;
  }
  if (offset + after !== end)
    throw new MalformedMessage(`the data of a record of type ${type} does not end where it says`);
  return Buffer.concat([...parts, message.subarray(offset, end)]);
}

/** The records of one name and type; undefined where there is none. */
export function recordSet(records: readonly WireRecord[], owner: WireName, type: number): RecordSet | undefined {
  const found = records.filter((record) => record.type === type && record.owner.equals(owner));
  return found.length === 0 ? undefined : { owner, type, records: found };
}
