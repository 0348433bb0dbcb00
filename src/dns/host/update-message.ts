import { isIPv6 } from "node:net";
import { type Answer, encode } from "dns-packet";
import type { HostRecord } from "./dns-host";
import { skipRecord, wireName } from "./wire";

const UPDATE = 5 << 11;
const SOA = 6;
const IN = 1;
const NONE = 254;

/** One record that an update adds, or takes away (RFC 2136 sections 2.5.1 and 2.5.4). */
export interface Change {
  readonly kind: "add" | "remove";
  readonly record: HostRecord;
}

/** An update of one zone, not signed yet (RFC 2136 section 2). The server does all of it or nothing. */
export function encodeUpdate(id: number, zone: string, changes: readonly Change[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(UPDATE, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(changes.length, 8);
  const zoneTail = Buffer.alloc(4);
  zoneTail.writeUInt16BE(SOA, 0);
  zoneTail.writeUInt16BE(IN, 2);
  return Buffer.concat([head, wireName(zone), zoneTail, ...changes.map(wireRecord)]);
}

function wireRecord({ kind, record }: Change): Buffer {
  // The encoder writes names without compression: after the header stands the record as it is.
  const bytes = Buffer.from(encode({ type: "query", answers: [toAnswer(record)] }).subarray(12));
  if (kind === "remove") {
    const { nameEnd } = skipRecord(bytes, 0, "record");
    bytes.writeUInt16BE(NONE, nameEnd + 2);
    bytes.writeUInt32BE(0, nameEnd + 4);
  }
  return bytes;
}

function toAnswer(record: HostRecord): Answer {
  const head = { name: record.owner, ttl: record.ttl, class: "IN" } as const;
  switch (record.type) {
    case "SRV": {
      const { priority, weight, port, target } = record;
      return { ...head, type: "SRV", data: { priority, weight, port, target } };
    }
    case "CAA": {
      const { flags, tag, value } = record;
      return { ...head, type: "CAA", data: { flags, tag: tag as "issue", value, issuerCritical: flags >= 128 } };
    }
    case "TXT":
      return { ...head, type: "TXT", data: record.text };
    default:
      return { ...head, type: isIPv6(record.address) ? "AAAA" : "A", data: record.address };
  }
}

/** The record of a response, as far as it is of a type that hosts keep. */
export function fromAnswer(answer: Answer): HostRecord | undefined {
  const head = { owner: answer.name.toLowerCase(), ttl: ("ttl" in answer ? answer.ttl : 0) ?? 0 };
  switch (answer.type) {
    case "A":
    case "AAAA":
      return { ...head, type: answer.type, address: answer.data };
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return { ...head, type: "SRV", priority, weight, port, target };
    }
    case "CAA":
      return { ...head, type: "CAA", flags: answer.data.flags ?? 0, tag: answer.data.tag, value: answer.data.value };
    case "TXT":
      return { ...head, type: "TXT", text: textOf(answer.data) };
    default:
      return undefined;
  }
}

/** The character-strings of a TXT record, joined as every reader of ours takes them (RFC 7208 section 3.3 likewise). */
function textOf(data: string | Buffer | (string | Buffer)[]): string {
  return [data]
    .flat()
    .map((part) => (typeof part === "string" ? part : part.toString("latin1")))
    .join("");
}
