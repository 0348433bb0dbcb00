import type { WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { wire } from "./signer";

/** A response as octets, no name compressed. */
export function encodeMessage(
  { name, type, exists = true }: { readonly name: string; readonly type: number; readonly exists?: boolean },
  answers: readonly WireRecord[],
  authorities: readonly WireRecord[] = [],
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x8400 | (exists ? 0 : 3), 2);
  for (const [i, count] of [1, answers.length, authorities.length, 0].entries()) header.writeUInt16BE(count, 4 + 2 * i);
  const question = Buffer.concat([wire(name), Buffer.from([type >> 8, type & 0xff, 0, 1])]);
  return Buffer.concat([header, question, ...[...answers, ...authorities].map(octetsOf)]);
}

function octetsOf({ owner, type, ttl, data }: WireRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}
