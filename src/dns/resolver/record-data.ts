import { MalformedMessage } from "./malformed-message";
import { type Labels, nameEnd } from "./message-name";

/** Octets of a record's data (RDATA): the first, and the one after its last. */
export interface DataSpan {
  readonly start: number;
  readonly end: number;
}

/** What the data of a type consists of: octets, then names, then octets: so many, or at least so many. */
interface Layout {
  readonly before: number;
  readonly names: number;
  readonly labels: Labels;
  readonly after: number | "any" | "types";
}

const NSEC = 47;
const DNSKEY = 48;
/** RFC 4034 section 2.1.2. */
const DNSSEC_PROTOCOL = 3;

const octets = (before: number, after: Layout["after"] = "any"): Layout => ({ before, names: 0, labels: "any", after });
const hostAfter = (before: number): Layout => ({ before, names: 1, labels: "host", after: 0 });

/** By type number: those that the survey's questions are answered with. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [1, octets(4, 0)], // A
  [2, hostAfter(0)], // NS
  [5, hostAfter(0)], // CNAME
  [6, { before: 0, names: 2, labels: "any", after: 20 }], // SOA
  [12, { before: 0, names: 1, labels: "any", after: 0 }], // PTR
  [28, octets(16, 0)], // AAAA
  [33, hostAfter(6)], // SRV
  [39, hostAfter(0)], // DNAME
  [43, octets(4)], // DS
  [46, { before: 18, names: 1, labels: "any", after: "any" }], // RRSIG
  [NSEC, { before: 0, names: 1, labels: "any", after: "types" }],
  [DNSKEY, octets(4)],
  [52, octets(3)], // TLSA
]);

/**
 * Checks that the data has the form of its type.
 * @returns false where the type's form is not known here: the decoder has to tell
 * @throws MalformedMessage
 */
export function checkData(message: Buffer, type: number, { start, end }: DataSpan): boolean {
  const layout = LAYOUTS.get(type);
  if (layout === undefined) return false;
  let offset = start + layout.before;
  for (let left = layout.names; left > 0; left--) {
    if (offset >= end) throw malformed(type);
    offset = nameEnd(message, offset, layout.labels);
  }
  const { after } = layout;
  const ended = after === "types" ? typesEnd(message, offset, end) : after === "any" ? end : offset + after;
  if (offset > end || ended !== end) throw malformed(type);
  if (type === DNSKEY && message[start + 2] !== DNSSEC_PROTOCOL)
    throw new MalformedMessage("a key's protocol is not DNSSEC");
  return true;
}

/** Where the last whole window of types that begins before `end` ends (RFC 4034 section 4.1.2). */
function typesEnd(message: Buffer, start: number, end: number): number {
  let offset = start;
  while (offset + 1 < end) offset += 2 + message[offset + 1]!;
  return offset;
}

const malformed = (type: number) =>
  new MalformedMessage(`the data of a record of type ${type} does not have the form or length of its type`);
