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
  readonly type: QuestionType | "AXFR" | "CAA" | "CNAME" | "DNSKEY" | "DS" | "NS" | "PTR" | "SOA" | "TLSA" | "TXT";
}

/** What a server says beside a response code (RFC 8914). */
export interface ExtendedError {
  readonly code: number;
  /** For people, as the server wrote it; bounded, printable. */
  readonly text: string;
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
  /** Without the OPT record. They may be about any name: what of it counts is the reader's to judge. */
  readonly additionals: readonly Answer[];
  readonly extendedErrors: readonly ExtendedError[];
  /** Whether it repeats a question; some servers leave it out where they could not read the query. */
  readonly questions: readonly { readonly name: string; readonly type: string; readonly class?: string | undefined }[];
}

/** UDP payload that passes any path without fragments (DNS flag day 2020; RFC 9715). */
const PAYLOAD = 1232;
const BADVERS = 16;
/** RFC 3225 section 3. */
const DNSSEC_OK = 0x8000;
/** RFC 8914 section 2. */
const EXTENDED_ERROR = 15;
/** As many as are kept of one message, and octets of each one's text. */
const EXTENDED_ERRORS = 4;
const EXTENDED_TEXT = 200;

export function encodeQuery(
  id: number,
  question: WireQuestion,
  options: { edns: boolean; recursion: boolean; dnssec?: boolean },
): Buffer {
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: PAYLOAD,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: options.dnssec === true ? DNSSEC_OK : 0,
    flag_do: options.dnssec === true,
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
    additionals: (packet.additionals ?? []).filter((record) => record.type !== "OPT"),
    extendedErrors: extendedErrors(packet),
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

const optOf = (packet: DecodedPacket) =>
  packet.additionals?.find((record): record is OptAnswer => record.type === "OPT");

function extendedErrors(packet: DecodedPacket): ExtendedError[] {
  // The decoder hands on options that it does not know as octets; its types do not say so.
  const options: readonly { readonly code: number; readonly data?: unknown }[] = optOf(packet)?.options ?? [];
  return options
    .flatMap(({ code, data }) => (code === EXTENDED_ERROR && Buffer.isBuffer(data) && data.length >= 2 ? [data] : []))
    .slice(0, EXTENDED_ERRORS)
    .map((data) => ({
      code: data.readUInt16BE(0),
      text: data.toString("latin1", 2, 2 + EXTENDED_TEXT).replace(/[^ -~]/g, "?"),
    }));
}

function responseCode(packet: DecodedPacket): string {
  const opt = optOf(packet);
  const low = (packet as DecodedPacket & { rcode: string }).rcode;
  if (opt === undefined || opt.extendedRcode === 0) return low;
  // The only extended code that a query without TSIG or cookies can meet; all others are named by their high part.
  return opt.extendedRcode * 16 === BADVERS && low === "NOERROR" ? "BADVERS" : `extended ${opt.extendedRcode}/${low}`;
}
