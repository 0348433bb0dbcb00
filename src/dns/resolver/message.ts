import { type Answer, encode, type OptAnswer, RECURSION_DESIRED } from "dns-packet";
import { HEADER } from "./message-name";
import { checkStructure, MalformedMessage, type MessageStructure } from "./message-structure";
import { comparable } from "./names";
import { type DecodedQuestion, decodeQuestions, decodeRecord, decodeRecords } from "./record-decoder";

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
  readonly questions: readonly DecodedQuestion[];
}

/** UDP payload that passes any path without fragments (DNS flag day 2020; RFC 9715). */
const PAYLOAD = 1232;
const BADVERS = 16;
/** RFC 1035 section 4.1.1. */
const RESPONSE = 0x8000;
const AUTHORITATIVE = 0x0400;
const TRUNCATED = 0x0200;
const RECURSION_AVAILABLE = 0x0080;
/** Response codes by number (IANA registry "DNS RCODEs"), as far as a header holds them. */
const CODES = [
  ...["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"],
  ...["YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"],
];
const NONE: readonly never[] = [];
/** RFC 3225 section 3. */
const DNSSEC_OK = 0x8000;
/** RFC 8914 section 2. */
const EXTENDED_ERROR = 15;
/** As many as are kept of one message, and octets of each one's text. */
const EXTENDED_ERRORS = 4;
const EXTENDED_TEXT = 200;

interface QueryOptions {
  readonly edns: boolean;
  readonly recursion: boolean;
  readonly dnssec?: boolean;
}

/**
 * The latest questions' queries, by options: one question goes to many servers at about the same time, and only the id
 * is another.
 */
const QUERIES = new Map<WireQuestion, Buffer[]>();
const MAX_QUERIES = 512;

export function encodeQuery(id: number, question: WireQuestion, options: QueryOptions): Buffer {
  const known = QUERIES.get(question) ?? [];
  if (known.length === 0) QUERIES.set(question, known);
  if (QUERIES.size > MAX_QUERIES) QUERIES.delete(QUERIES.keys().next().value!);
  const kind = Number(options.edns) + 2 * Number(options.recursion) + 4 * Number(options.dnssec === true);
  known[kind] ??= encoded(question, options);
  const query = Buffer.from(known[kind]);
  query.writeUInt16BE(id, 0);
  return query;
}

function encoded(question: WireQuestion, { edns, recursion, dnssec = false }: QueryOptions): Buffer {
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: PAYLOAD,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: dnssec ? DNSSEC_OK : 0,
    flag_do: dnssec,
    options: [],
  };
  return encode({
    type: "query",
    flags: recursion ? RECURSION_DESIRED : 0,
    questions: [{ name: question.name, type: question.type, class: "IN" }],
    additionals: edns ? [opt] : [],
  });
}

/**
 * Reads a response: that it is well-formed is found out at once, its records are decoded when somebody looks at them.
 * @throws MalformedMessage
 */
export function decodeResponse(bytes: Buffer): Message {
  const structure = checkStructure(bytes);
  const decoded = structure.unread.map((span) => ({ at: span.start, record: decodeRecord(bytes, span) }));
  if ((bytes.readUInt16BE(2) & RESPONSE) === 0) throw new MalformedMessage("it is a query, not a response");
  const opt = decoded.find(({ at, record }) => at >= structure.additionals.start && record.type === "OPT");
  return new ReadMessage(bytes, structure, opt?.record as OptAnswer | undefined);
}

/** A message whose every record has the form of its type. */
class ReadMessage implements Message {
  readonly id: number;
  readonly code: string;
  readonly authoritative: boolean;
  readonly recursive: boolean;
  readonly truncated: boolean;
  readonly extendedErrors: readonly ExtendedError[];
  #questions: readonly DecodedQuestion[] | undefined;
  #answers: readonly Answer[] | undefined;
  #authorities: readonly Answer[] | undefined;
  #additionals: readonly Answer[] | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly structure: MessageStructure,
    opt: OptAnswer | undefined,
  ) {
    const flags = bytes.readUInt16BE(2);
    this.id = bytes.readUInt16BE(0);
    this.code = responseCode(flags & 0xf, opt);
    this.authoritative = (flags & AUTHORITATIVE) !== 0;
    this.recursive = (flags & RECURSION_AVAILABLE) !== 0;
    this.truncated = (flags & TRUNCATED) !== 0;
    this.extendedErrors = extendedErrors(opt);
  }

  get questions(): readonly DecodedQuestion[] {
    this.#questions ??= decodeQuestions(this.bytes, { start: HEADER, count: this.bytes.readUInt16BE(4) });
    return this.#questions;
  }

  get answers(): readonly Answer[] {
    this.#answers ??= decodeRecords(this.bytes, this.structure.answers);
    return this.#answers;
  }

  get authorities(): readonly Answer[] {
    this.#authorities ??= decodeRecords(this.bytes, this.structure.authorities);
    return this.#authorities;
  }

  get additionals(): readonly Answer[] {
    this.#additionals ??= decodeRecords(this.bytes, this.structure.additionals).filter(({ type }) => type !== "OPT");
    return this.#additionals;
  }
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

function extendedErrors(opt: OptAnswer | undefined): readonly ExtendedError[] {
  if (opt === undefined || opt.options.length === 0) return NONE;
  // The decoder hands on options that it does not know as octets; its types do not say so.
  const options: readonly { readonly code: number; readonly data?: unknown }[] = opt.options;
  return options
    .flatMap(({ code, data }) => (code === EXTENDED_ERROR && Buffer.isBuffer(data) && data.length >= 2 ? [data] : []))
    .slice(0, EXTENDED_ERRORS)
    .map((data) => ({
      code: data.readUInt16BE(0),
      text: data.toString("latin1", 2, 2 + EXTENDED_TEXT).replace(/[^ -~]/g, "?"),
    }));
}

function responseCode(low: number, opt: OptAnswer | undefined): string {
  const name = CODES[low] ?? `RCODE_${low}`;
  if (opt === undefined || opt.extendedRcode === 0) return name;
  // The only extended code that a query without TSIG or cookies can meet; all others are named by their high part.
  return opt.extendedRcode * 16 === BADVERS && low === 0 ? "BADVERS" : `extended ${opt.extendedRcode}/${name}`;
}
