import { createHmac, timingSafeEqual } from "node:crypto";
import { TSIG_DIGESTS, type TsigKey } from "./tsig-key";
import { skipRecord, wireName } from "./wire";

/** Seconds by which clocks may differ (RFC 8945 section 10). */
const FUDGE = 300;
const TSIG = 250;
const ANY = 255;
const ERRORS = new Map([
  [16, "BADSIG: the server has another secret for this key"],
  [17, "BADKEY: the server does not know this key"],
  [18, "BADTIME: the server's clock differs from ours by more than five minutes"],
  [22, "BADTRUNC: the server wants a longer signature"],
]);

/** A response that does not prove who wrote it. */
export class TsigError extends Error {
  override readonly name = "TsigError";
  readonly code = "tsig-refused";
}

export interface SignedMessage {
  readonly message: Buffer;
  /** The signature; the response's own covers it. */
  readonly mac: Buffer;
}

/** Appends a TSIG record to a message without one (RFC 8945 section 4.3). `now` in milliseconds. */
export function signMessage(message: Buffer, key: TsigKey, now: number): SignedMessage {
  const time = Math.floor(now / 1000);
  const variables = { time, fudge: FUDGE, error: 0, other: Buffer.alloc(0) };
  const mac = digest(key, [message, timers(key, variables)]);
  const signed = Buffer.concat([message, record(key, mac, message.readUInt16BE(0), variables)]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { message: signed, mac };
}

/**
 * Checks the TSIG record at the end of a response to a message that we signed, and takes it off.
 * @param response structure checked by the caller
 * @returns the response as it was before it was signed
 * @throws TsigError
 */
export function verifyResponse(response: Buffer, key: TsigKey, requestMac: Buffer, now: number): Buffer {
  const at = lastRecord(response);
  if (at === undefined) throw new TsigError("it is not signed");
  const read = readRecord(response, at);
  if (!read.name.equals(wireName(key.name)) || !read.algorithm.equals(wireName(key.algorithm)))
    throw new TsigError("it is signed with another key or algorithm");
  const bare = Buffer.from(response.subarray(0, at));
  bare.writeUInt16BE(response.readUInt16BE(10) - 1, 10);
  bare.writeUInt16BE(read.originalId, 0);
  // RFC 8945 section 5.3.2: a server that could not check our signature has none to give.
  if (read.mac.length === 0) throw new TsigError(ERRORS.get(read.error) ?? "its signature is empty");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(requestMac.length);
  const expected = digest(key, [length, requestMac, bare, timers(key, read)]);
  if (read.mac.length !== expected.length || !timingSafeEqual(read.mac, expected))
    throw new TsigError("its signature is wrong: somebody else wrote it, or the secret differs");
  if (read.error !== 0) throw new TsigError(ERRORS.get(read.error) ?? `TSIG error ${read.error}`);
  if (Math.abs(now / 1000 - read.time) > FUDGE) throw new TsigError("it was signed at another time than now");
  return bare;
}

interface Timers {
  /** Seconds since 1970. */
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

const digest = (key: TsigKey, parts: readonly Buffer[]): Buffer =>
  parts.reduce((hmac, part) => hmac.update(part), createHmac(TSIG_DIGESTS[key.algorithm], key.secret)).digest();

/** The TSIG variables (RFC 8945 section 4.3.3): names in lower case, class ANY, TTL 0. */
function timers(key: TsigKey, { time, fudge, error, other }: Timers): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(ANY, 0);
  return Buffer.concat([wireName(key.name), head, wireName(key.algorithm), timed(time, fudge), errored(error, other)]);
}

function timed(time: number, fudge: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(fudge, 6);
  return bytes;
}

function errored(error: number, other: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(error, 0);
  bytes.writeUInt16BE(other.length, 2);
  return Buffer.concat([bytes, other]);
}

function record(key: TsigKey, mac: Buffer, originalId: number, { time, fudge, error, other }: Timers): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(mac.length);
  const id = Buffer.alloc(2);
  id.writeUInt16BE(originalId);
  const data = Buffer.concat([wireName(key.algorithm), timed(time, fudge), size, mac, id, errored(error, other)]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(TSIG, 0);
  head.writeUInt16BE(ANY, 2);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([wireName(key.name), head, data]);
}

/** Where the last record of the additional section begins, if it is a TSIG; it may stand nowhere else (5.1). */
function lastRecord(message: Buffer): number | undefined {
  if (message.readUInt16BE(10) === 0) return undefined;
  let offset = 12;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = skipRecord(message, offset, "question").end;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = records; left > 1; left--) {
    const { end, type } = skipRecord(message, offset, "record");
    if (type === TSIG) throw new TsigError("a record follows its signature");
    offset = end;
  }
  return skipRecord(message, offset, "record").type === TSIG ? offset : undefined;
}

function readRecord(
  message: Buffer,
  at: number,
): Timers & {
  readonly name: Buffer;
  readonly algorithm: Buffer;
  readonly mac: Buffer;
  readonly originalId: number;
} {
  const { nameEnd, end } = skipRecord(message, at, "record");
  const data = message.subarray(nameEnd + 10, end);
  try {
    const algorithmEnd = skipRecord(data, 0, "name").end;
    const size = data.readUInt16BE(algorithmEnd + 8);
    const after = algorithmEnd + 10 + size;
    const otherSize = data.readUInt16BE(after + 4);
    if (after + 6 + otherSize !== data.length) throw new RangeError("the lengths do not add up");
    return {
      name: lower(message.subarray(at, nameEnd)),
      algorithm: lower(data.subarray(0, algorithmEnd)),
      time: data.readUIntBE(algorithmEnd, 6),
      fudge: data.readUInt16BE(algorithmEnd + 6),
      mac: data.subarray(algorithmEnd + 10, after),
      originalId: data.readUInt16BE(after),
      error: data.readUInt16BE(after + 2),
      other: data.subarray(after + 6),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TsigError("its signature record is malformed", { cause });
  }
}

/** RFC 8945 section 4.3.3 digests names in their canonical form. Names here hold ASCII alone. */
const lower = (name: Buffer) => Buffer.from(name.toString("latin1").toLowerCase(), "latin1");
