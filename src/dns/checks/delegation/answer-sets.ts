import type { Answer } from "dns-packet";
import { canonicalAddress } from "../../canonical-address";
import { comparable, type WireQuestion } from "../../resolver";
import { messageOf, type Said } from "../../survey";

/** What servers are compared by: what partners, and CAs, look for. */
const COMPARED = new Set<string>(["SRV", "A", "AAAA", "CAA", "TLSA"]);

export const isCompared = ({ type }: WireQuestion): boolean => COMPARED.has(type);

/** The octets of a message that may differ between right answers with the same records: the id. */
const ID = 2;

export const isSameMessage = (a: Said, b: Said): boolean =>
  a.status === "answered" && b.status === "answered" && a.wire.subarray(ID).equals(b.wire.subarray(ID));

/** The records that an answer has to its question, one text a record, in order: a set, without TTLs. */
export function recordsIn(said: Extract<Said, { status: "answered" }>, question: WireQuestion): string[] {
  const name = comparable(question.name);
  const texts = messageOf(said).answers.flatMap((record) =>
    (record.type === question.type || record.type === "CNAME") && comparable(record.name) === name
      ? [textOf(record)]
      : [],
  );
  return [...new Set(texts)].sort();
}

function textOf(record: Answer): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return canonicalAddress(record.data);
    case "CNAME":
      return `an alias of ${comparable(record.data)}`;
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = record.data;
      return `${priority} ${weight} ${port} ${comparable(target)}`;
    }
    case "CAA":
      return `${record.data.flags ?? 0} ${record.data.tag} ${JSON.stringify(record.data.value)}`;
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = record.data;
      return `${usage} ${selector} ${matchingType} ${certificate.toString("hex")}`;
    }
    default:
      return record.type;
  }
}
