import type { Packet } from "dns-packet";

/** How a server misbehaves: it does what the real one behind it does, but for one thing. */
export interface Misbehaviour {
  /** `drop-edns`: a question with an OPT record gets no answer; `loses-one`: the first of all datagrams. */
  readonly udp?: "silent" | "drop-edns" | "loses-one";
  /** `drip`: an octet of the answer a second, and never the last; `endless`: octets that make no message, for ever. */
  readonly tcp?: "refused" | "silent" | "drip" | "endless";
  /** Milliseconds before each answer. */
  readonly delay?: number;
  /** Before each answer by UDP comes a forged one with another id: that of somebody who guesses. */
  readonly forged?: boolean;
  /** Changes the real server's answer; undefined: says nothing. */
  readonly answer?: (answer: Packet, over: "udp" | "tcp") => Packet | Buffer | undefined;
}

const flagged =
  (set: number, clear = 0) =>
  (answer: Packet): Packet => ({ ...answer, flags: ((answer.flags ?? 0) & ~clear) | set });

/** An error in place of the answer. */
export const rcode =
  (code: number) =>
  ({ id, flags, questions = [] }: Packet): Packet => ({
    type: "response",
    ...(id !== undefined && { id }),
    flags: ((flags ?? 0) & ~0x040f) | code,
    questions,
  });

export const FORMERR = 1;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const REFUSED = 5;
const AA = 0x0400;
const TC = 0x0200;

const hasOpt = ({ additionals = [] }: Packet) => additionals.some(({ type }) => type === "OPT");

/** Nothing: what is found about this one is due to its being there at all. */
export const HONEST: Misbehaviour = {};
export const LOSES_ONE: Misbehaviour = { udp: "loses-one" };
export const FORGED_FIRST: Misbehaviour = { forged: true };
export const SILENT: Misbehaviour = { udp: "silent", tcp: "silent" };
export const SLOW: Misbehaviour = { delay: 1200 };
export const UDP_SILENT: Misbehaviour = { udp: "silent" };
export const TCP_REFUSED: Misbehaviour = { tcp: "refused" };
export const TCP_SILENT: Misbehaviour = { tcp: "silent" };
export const DROPS_EDNS: Misbehaviour = { udp: "drop-edns" };
export const REFUSES: Misbehaviour = { answer: rcode(REFUSED) };
export const FAILS: Misbehaviour = { answer: rcode(SERVFAIL) };
export const WITHOUT_AUTHORITY: Misbehaviour = { answer: flagged(0, AA) };
export const TRUNCATES: Misbehaviour = {
  answer: (answer, over) =>
    over === "tcp" ? answer : { ...flagged(TC)(answer), answers: [], authorities: [], additionals: [] },
  tcp: "refused",
};
/** As for an answer that is too long for UDP. */
export const TRUNCATES_FOR_TCP: Misbehaviour = { answer: TRUNCATES.answer! };
/** FORMERR where the question has an OPT record. The real server's answer has one if the question had. */
export const REFUSES_EDNS: Misbehaviour = {
  answer: (answer) => (hasOpt(answer) ? rcode(FORMERR)(answer) : answer),
};
export const WRONG_ID: Misbehaviour = {
  answer: (answer) => ({ ...answer, id: ((answer.id ?? 0) + 1) & 0xffff }),
  tcp: "refused",
};
export const WRONG_QUESTION: Misbehaviour = {
  answer: (answer) => ({
    ...answer,
    questions: (answer.questions ?? []).map((question) => ({ ...question, name: `x.${question.name}` })),
  }),
  tcp: "refused",
};
export const MALFORMED: Misbehaviour = {
  // A header that promises an answer, and the name in it points to itself (RFC 1035 section 4.1.4).
  answer: ({ id = 0 }) => Buffer.from([id >> 8, id & 0xff, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]),
  tcp: "refused",
};
/** "Ask the root": a referral upward, as servers without the zone once gave (RFC 8499, "lame delegation"). */
export const REFERS_UPWARD: Misbehaviour = {
  answer: (answer) => ({
    ...flagged(0, AA | 0xf)(answer),
    answers: [],
    authorities: [{ type: "NS", name: ".", ttl: 60, data: "a.roots" }],
    additionals: [],
  }),
};
/** As middle boxes do that hold only host names for names. */
export const DENIES_UNDERSCORES: Misbehaviour = {
  answer: (answer) =>
    answer.questions?.some(({ name }) => name.includes("_")) === true
      ? { ...rcode(NXDOMAIN)(answer), flags: (answer.flags ?? 0) | AA | NXDOMAIN }
      : answer,
};

const sections = ["answers", "authorities", "additionals"] as const;
type Records = NonNullable<Packet["answers"]>;

/** Changes the records of answers about data; those about keys and delegations stay. */
export const ofRecords =
  (change: (records: Records) => Records) =>
  (answer: Packet): Packet => {
    const type = answer.questions?.[0]?.type;
    if (type === "DNSKEY" || type === "DS" || type === "SOA" || type === "NS") return answer;
    return { ...answer, ...Object.fromEntries(sections.map((section) => [section, change(answer[section] ?? [])])) };
  };

export const WITHOUT_SIGNATURES: Misbehaviour = {
  answer: ofRecords((records) => records.filter(({ type }) => type !== "RRSIG")),
};
export const ALTERED_SIGNATURES: Misbehaviour = {
  answer: ofRecords((records) =>
    records.map((record) => {
      if (record.type !== "RRSIG") return record;
      const signature = Buffer.from(record.data.signature);
      signature[8]! ^= 0x55;
      return { ...record, data: { ...record.data, signature } };
    }),
  ),
};

type DataOf<T> = Extract<Records[number], { type: T }> extends { data: infer D } ? D : never;

/** Changes the data of answers of one type, and the seconds that they may be remembered. */
export const withData =
  <T extends "SRV" | "A" | "AAAA">(type: T, change: (data: DataOf<T>) => DataOf<T>, ttl?: number) =>
  (answer: Packet): Packet => ({
    ...answer,
    answers: (answer.answers ?? []).map((record) =>
      record.type === type
        ? ({ ...record, data: change(record.data as DataOf<T>), ...(ttl !== undefined && { ttl }) } as typeof record)
        : record,
    ),
  });
