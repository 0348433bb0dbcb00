import * as dnsPacket from "dns-packet";
import { MalformedMessage } from "./malformed-message";
import type { RecordSpan, Section } from "./message-structure";

export interface DecodedQuestion {
  readonly name: string;
  readonly type: string;
  readonly class?: string | undefined;
}

interface Decoder<T> {
  decode: ((message: Buffer, offset: number) => T) & {
    /** Octets that the latest call has read. */
    bytes: number;
  };
}

/** The library reads single records too; its types do not say so. */
const { answer, question } = dnsPacket as unknown as {
  readonly answer: Decoder<dnsPacket.Answer>;
  readonly question: Decoder<DecodedQuestion>;
};

/** One after another from an offset on, where the structure of the message was checked. */
function decodeList<T>({ decode }: Decoder<T>, message: Buffer, { start, count }: Section): T[] {
  const decoded: T[] = [];
  let offset = start;
  for (let left = count; left > 0; left--) {
    decoded.push(decode(message, offset));
    offset += decode.bytes;
  }
  return decoded;
}

export const decodeQuestions = (message: Buffer, section: Section): DecodedQuestion[] =>
  decodeList(question, message, section);

export const decodeRecords = (message: Buffer, section: Section): dnsPacket.Answer[] =>
  decodeList(answer, message, section);

/**
 * One record of a kind that was not looked into.
 * @throws MalformedMessage
 */
export function decodeRecord(message: Buffer, { start, end }: RecordSpan): dnsPacket.Answer {
  let record: dnsPacket.Answer;
  try {
    record = answer.decode(message, start);
  } catch (cause) {
    throw new MalformedMessage(`it cannot be decoded: ${(cause as Error).message}`, { cause });
  }
  if (answer.decode.bytes !== end - start)
    throw new MalformedMessage("a record's data is longer or shorter than its type has it");
  return record;
}
