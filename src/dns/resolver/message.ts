import { type Answer, type DecodedPacket, decode, encode, type OptAnswer, RECURSION_DESIRED } from "dns-packet";
import { checkStructure, MalformedMessage } from "./message-structure";
import { comparable } from "./names";

export { comparable, isAskable } from "./names";

export type QuestionType = "A" | "AAAA" | "SRV";

export interface Question {
  /** ASCII (A-labels), a final dot is optional. */
  readonly name: string;
  readonly type: QuestionType;
}

/** A question as it travels: also for what the resolver does not look up, but those who write records read back. */
export interface WireQuestion {
  readonly name: string;
  readonly type: QuestionType | "CAA" | "CNAME" | "NS" | "SOA" | "TXT";
}

/** A well-formed response. */
export interface Message {
  readonly id: number;
  /** The response code with its EDNS part (RFC 6891 section 6.1.3), as a name where it has one. */
  readonly code: string;
  /** The server speaks for the zone (AA). */
  readonly authoritative: boolean;
  /** The server looks further for those who ask (RA). */
  readonly recursive: boolean;
  readonly truncated: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  /** Whether it repeats a question; some servers leave it out where they could not read the query. */
  readonly questions: readonly { readonly name: string; readonly type: string; readonly class?: string | undefined }[];
}

/** UDP payload that passes any path without fragments (DNS flag day 2020; RFC 9715). */
const PAYLOAD = 1232;
const BADVERS = 16;

export function encodeQuery(
  id: number,
  question: WireQuestion,
  options: { edns: boolean; recursion: boolean },
): Buffer {
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: PAYLOAD,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return encode({
    type: "query",
    id,
    flags: options.recursion ? RECURSION_DESIRED : 0,
    questions: [{ name: question.name, type: question.type, class: "IN" }],
    additionals: options.edns ? [opt] : [],
  });
}

/**
 * Reads a response.
 * @throws MalformedMessage
 */
export function decodeResponse(bytes: Buffer): Message {
  checkStructure(bytes);
  let packet: DecodedPacket;
  try {
    packet = decode(bytes);
  } catch (cause) {
    throw new MalformedMessage(`it cannot be decoded: ${(cause as Error).message}`, { cause });
  }
  if (decode.bytes !== bytes.length) throw new MalformedMessage("a record's data is longer than its type has it");
  if (!packet.flag_qr) throw new MalformedMessage("it is a query, not a response");
  return {
    id: bytes.readUInt16BE(0),
    code: responseCode(packet),
    authoritative: packet.flag_aa,
    recursive: packet.flag_ra,
    truncated: packet.flag_tc,
    questions: packet.questions ?? [],
    answers: packet.answers ?? [],
    authorities: packet.authorities ?? [],
  };
}

/** Whether the response repeats exactly this question; case does not matter (RFC 4343). */
export function answersQuestion(message: Message, question: WireQuestion): boolean {
  const [repeated, ...more] = message.questions;
  return (
    repeated !== undefined &&
    more.length === 0 &&
    comparable(repeated.name) === comparable(question.name) &&
    repeated.type === question.type &&
    repeated.class === "IN"
  );
}

function responseCode(packet: DecodedPacket): string {
  const opt = packet.additionals?.find((record): record is OptAnswer => record.type === "OPT");
  const low = (packet as DecodedPacket & { rcode: string }).rcode;
  if (opt === undefined || opt.extendedRcode === 0) return low;
  // The only extended code that a query without TSIG or cookies can meet; all others are named by their high part.
  return opt.extendedRcode * 16 === BADVERS && low === "NOERROR" ? "BADVERS" : `extended ${opt.extendedRcode}/${low}`;
}
