/** The bytes received are no well-formed DNS message; `message` says what was found. */
export class MalformedMessage extends Error {
  readonly code = "dns-message-malformed";
}

const HEADER = 12;
const A = 1;
const NS = 2;
const CNAME = 5;
const AAAA = 28;
const SRV = 33;
const DNAME = 39;
/** Octets before the name in RDATA that ends in one name. */
const NAME_AT = new Map([
  [NS, 0],
  [CNAME, 0],
  [SRV, 6],
  [DNAME, 0],
]);

/**
 * Checks what the decoder takes on trust (RFC 1035 section 4.1): that every record's RDATA has the length its type
 * has, that names end inside it, and that the message ends where its last record does. The decoder joins labels by
 * dots without escaping, so labels that hold a dot, a space or an octet that is not printable ASCII are refused:
 * `a\.b.example` must never be taken for `a.b.example`.
 * @throws MalformedMessage
 */
export function checkStructure(message: Buffer): void {
  if (message.length < HEADER) throw new MalformedMessage(`${message.length} octets are too few for a header`);
  let offset = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = needs(message, nameEnd(message, offset), 4);
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = records; left > 0; left--) offset = recordEnd(message, offset);
  if (offset !== message.length) throw new MalformedMessage(`${message.length - offset} octets follow the last record`);
}

/** A well-formed message with the first of its answers alone; the same one where it has none. */
export function beginningOf(message: Buffer): Buffer {
  if (message.readUInt16BE(6) === 0) return message;
  let offset = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = nameEnd(message, offset) + 4;
  const beginning = Buffer.from(message.subarray(0, recordEnd(message, offset)));
  beginning.writeUInt16BE(1, 6);
  beginning.fill(0, 8, HEADER);
  return beginning;
}

function recordEnd(message: Buffer, start: number): number {
  const fixed = nameEnd(message, start);
  const rdata = needs(message, fixed, 10);
  const type = message.readUInt16BE(fixed);
  const length = message.readUInt16BE(fixed + 8);
  const end = needs(message, rdata, length);
  if ((type === A && length !== 4) || (type === AAAA && length !== 16))
    throw new MalformedMessage(`an address record of ${length} octets`);
  const nameAt = NAME_AT.get(type);
  if (nameAt !== undefined && (nameAt >= length || nameEnd(message, rdata + nameAt) !== end))
    throw new MalformedMessage(`the name in a record of type ${type} does not end where its data does`);
  return end;
}

function needs(message: Buffer, offset: number, octets: number): number {
  if (offset + octets > message.length) throw new MalformedMessage("it ends inside a record");
  return offset + octets;
}

/** Where the name that starts at `start` ends in place; what its pointers lead to is checked too. */
function nameEnd(message: Buffer, start: number): number {
  let end: number | undefined;
  let offset = start;
  let octets = 1;
  // Each pointer must lead further back than the name it stands in began: no loop is possible.
  let before = start;
  for (;;) {
    const length = message[offset];
    if (length === undefined) throw new MalformedMessage("it ends inside a name");
    if (length === 0) return end ?? offset + 1;
    if (length >= 0xc0) {
      if (offset + 1 >= message.length) throw new MalformedMessage("it ends inside a name");
      end ??= offset + 2;
      const target = message.readUInt16BE(offset) & 0x3fff;
      if (target >= before || target < HEADER) throw new MalformedMessage("a name's pointer does not lead back");
      offset = before = target;
      continue;
    }
    if (length > 63) throw new MalformedMessage("a name has a label of an unknown kind");
    octets += length + 1;
    if (octets > 255) throw new MalformedMessage("a name is longer than 255 octets");
    if (offset + length >= message.length) throw new MalformedMessage("it ends inside a name");
    for (let i = offset + 1; i <= offset + length; i++) checkOctet(message[i]!);
    offset += length + 1;
  }
}

function checkOctet(octet: number): void {
  if (octet <= 0x20 || octet >= 0x7f || octet === 0x2e)
    throw new MalformedMessage(`a label holds the octet 0x${octet.toString(16).padStart(2, "0")}`);
}
