import type { Answer as WireRecord } from "dns-packet";
import { comparable, type Message, type Question } from "./message";
import type { LookupFailure } from "./name-resolver";

/** A record of the type asked for, at the end of its aliases. */
export type AnswerRecord =
  | { readonly type: "A" | "AAAA"; readonly ttl: number; readonly address: string }
  | {
      readonly type: "SRV";
      readonly ttl: number;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      /** Lower case, no final dot; the root is `.`. */
      readonly target: string;
    };

/** What one message says about one question. */
export type Answer =
  | ({ readonly status: "found"; readonly records: readonly AnswerRecord[]; readonly ttl: number } & Aliases)
  | ({
      readonly status: "absent";
      readonly why: "nxdomain" | "nodata";
      /** Seconds the absence may be remembered (RFC 2308 section 5); undefined: not at all. */
      readonly ttl?: number;
    } & Aliases)
  /** The message ends at an alias: whoever wants to know has to ask for its target. */
  | ({ readonly status: "alias"; readonly target: string; readonly ttl: number } & Aliases)
  | ({ readonly status: "failed"; readonly code: LookupFailure; readonly reason: string } & Partial<Aliases>);

interface Aliases {
  /** Where aliases led, in order; empty where the owner has the records itself. */
  readonly aliases: readonly string[];
}

/** RFC 2181 section 8: the highest bit set means 0. */
const ttlOf = (record: WireRecord): number => {
  const ttl = "ttl" in record ? (record.ttl ?? 0) : 0;
  return ttl > 0x7fffffff ? 0 : ttl;
};

/**
 * Reads a well-formed response to `question`, following at most `maxAliases` aliases inside it. An absence counts
 * only from who speaks for the zone or looked further; a referral (RFC 1034 section 4.3.1) is none.
 */
export function readAnswer(message: Message, question: Question, maxAliases: number): Answer {
  if (message.code !== "NOERROR" && message.code !== "NXDOMAIN") return refusal(message.code);
  const aliases: string[] = [];
  let name = comparable(question.name);
  let ttl = Number.POSITIVE_INFINITY;
  for (;;) {
    const alias = message.answers.find((record) => record.type === "CNAME" && isAt(record, name));
    if (alias?.type !== "CNAME") break;
    const target = comparable(alias.data);
    const loop = aliases.includes(target) || target === comparable(question.name);
    aliases.push(target);
    if (loop)
      return { status: "failed", code: "aliases", reason: `the alias at ${name} leads back to ${target}`, aliases };
    if (aliases.length > maxAliases)
      return { status: "failed", code: "aliases", reason: "too many aliases after one another", aliases };
    ttl = Math.min(ttl, ttlOf(alias));
    name = target;
  }
  const records = message.answers.filter((record) => isAt(record, name)).flatMap(recordOf(question.type));
  // RFC 1035 section 4.1.1: a name that does not exist has no records, and others would believe either half.
  if (records.length > 0 && message.code === "NXDOMAIN")
    return {
      status: "failed",
      code: "malformed",
      reason: `it says that ${name} does not exist (NXDOMAIN), and gives records of it`,
      aliases,
    };
  if (records.length > 0)
    return {
      status: "found",
      records,
      aliases,
      ttl: records.reduce((least, record) => Math.min(least, record.ttl), ttl),
    };
  const soa = message.authorities.find((record) => record.type === "SOA");
  if (aliases.length > 0 && message.code === "NOERROR" && soa === undefined)
    return { status: "alias", target: name, ttl, aliases };
  const referral = soa === undefined && message.authorities.some((record) => record.type === "NS");
  if (!message.authoritative && (referral || !message.recursive))
    return {
      status: "failed",
      code: "lame",
      reason: "the server does not speak for the name and does not look further",
    };
  const why = message.code === "NXDOMAIN" ? "nxdomain" : "nodata";
  if (soa?.type !== "SOA") return { status: "absent", why, aliases };
  return { status: "absent", why, aliases, ttl: Math.min(ttl, ttlOf(soa), soa.data.minimum ?? 0) };
}

const isAt = (record: WireRecord, name: string) =>
  comparable(record.name) === name && (!("class" in record) || record.class === "IN");

const recordOf =
  (type: Question["type"]) =>
  (record: WireRecord): AnswerRecord[] => {
    if (record.type !== type) return [];
    const ttl = ttlOf(record);
    if (record.type !== "SRV") return [{ type: record.type as "A" | "AAAA", ttl, address: record.data as string }];
    const { priority = 0, weight = 0, port, target } = record.data;
    return [{ type: "SRV", ttl, priority, weight, port, target: comparable(target) }];
  };

function refusal(code: string): Answer {
  const failure: LookupFailure = code === "SERVFAIL" ? "servfail" : code === "REFUSED" ? "refused" : "error-code";
  return { status: "failed", code: failure, reason: `the server answered ${code}` };
}
