import { MalformedMessage } from "./malformed-message";
import { HEADER, nameEnd } from "./message-name";
import { checkData } from "./record-data";

export { MalformedMessage } from "./malformed-message";

/** Where the parts of a well-formed message are. */
export interface MessageStructure {
  readonly answers: Section;
  readonly authorities: Section;
  readonly additionals: Section;
  /** Records whose data has not been looked into: the decoder has to tell whether it has the form of its type. */
  readonly unread: readonly RecordSpan[];
}

export interface Section {
  readonly count: number;
  readonly start: number;
}

/** Octets of one record: the first, and the one after its last. */
export interface RecordSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Checks what the decoder takes on trust (RFC 1035 section 4.1): that every record's RDATA has the length its type
 * has, that names end inside it, and that the message ends where its last record does. The decoder joins labels by
 * dots without escaping, so labels that hold a dot, a space or an octet that is not printable ASCII are refused:
 * `a\.b.example` must never be taken for `a.b.example`.
 * @throws MalformedMessage
 */
export function checkStructure(message: Buffer): MessageStructure {
  if (message.length < HEADER) throw new MalformedMessage(`${message.length} octets are too few for a header`);
  let offset = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = needs(message, nameEnd(message, offset), 4);
  const unread: RecordSpan[] = [];
  const section = (count: number): Section => {
    const start = offset;
    for (let left = count; left > 0; left--) {
      const record = recordAt(message, offset);
      if (!checkData(message, record.type, record.data)) unread.push({ start: offset, end: record.data.end });
      offset = record.data.end;
    }
    return { count, start };
  };
  const answers = section(message.readUInt16BE(6));
  const authorities = section(message.readUInt16BE(8));
  const additionals = section(message.readUInt16BE(10));
  if (offset !== message.length) throw new MalformedMessage(`${message.length - offset} octets follow the last record`);
  return { answers, authorities, additionals, unread };
}

/** A well-formed message with the first of its answers alone; the same one where it has none. */
export function beginningOf(message: Buffer): Buffer {
  if (message.readUInt16BE(6) === 0) return message;
  let offset = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = nameEnd(message, offset) + 4;
  const beginning = Buffer.from(message.subarray(0, recordAt(message, offset).data.end));
  beginning.writeUInt16BE(1, 6);
  beginning.fill(0, 8, HEADER);
  return beginning;
}

/** The type of the record that starts there, and where its data is. */
function recordAt(message: Buffer, offset: number): { readonly type: number; readonly data: RecordSpan } {
  const fixed = nameEnd(message, offset);
  const start = needs(message, fixed, 10);
  const end = needs(message, start, message.readUInt16BE(fixed + 8));
  return { type: message.readUInt16BE(fixed), data: { start, end } };
}

function needs(message: Buffer, offset: number, octets: number): number {
  if (offset + octets > message.length) throw new MalformedMessage("it ends inside a record");
  return offset + octets;
}
