import type { Answer } from "dns-packet";
import { oneLine } from "./one-line";

/** Octets of a record's data that are shown: keys and signatures are long, and say nothing to people. */
const LONGEST_DATA = 96;

/** A record as it was received, as a zone file line; what a server made up in it stays harmless text. */
export function answerLine(record: Answer): string {
  const ttl = "ttl" in record && record.ttl !== undefined ? ` ${record.ttl}` : "";
  return oneLine(`${rooted(record.name)}${ttl} ${record.type} ${dataOf(record)}`);
}

function dataOf(record: Answer): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.data;
    case "CNAME":
    case "DNAME":
    case "NS":
    case "PTR":
      return rooted(record.data);
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = record.data;
      return `${priority} ${weight} ${port} ${rooted(target)}`;
    }
    case "SOA": {
      const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = record.data;
      return `${rooted(mname)} ${rooted(rname)} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    case "CAA": {
      const { flags = 0, tag, value } = record.data;
      return `${flags} ${tag} ${JSON.stringify(value)}`;
    }
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = record.data;
      return `${usage} ${selector} ${matchingType} ${hex(certificate)}`;
    }
    case "DS": {
      const { keyTag, algorithm, digestType, digest } = record.data;
      return `${keyTag} ${algorithm} ${digestType} ${hex(digest)}`;
    }
    case "DNSKEY":
      return `${record.data.flags} 3 ${record.data.algorithm} ${base64(record.data.key)}`;
    case "RRSIG": {
      const { typeCovered, algorithm, labels, originalTTL, expiration, inception, keyTag, signersName } = record.data;
      return `${typeCovered} ${algorithm} ${labels} ${originalTTL} ${expiration} ${inception} ${keyTag} ${rooted(signersName)} ${base64(record.data.signature)}`;
    }
    case "TXT": {
      const parts = Array.isArray(record.data) ? record.data : [record.data];
      return parts.map((part) => JSON.stringify(part.toString("latin1"))).join(" ");
    }
    default:
      return "data" in record && Buffer.isBuffer(record.data) ? `\\# ${record.data.length} ${hex(record.data)}` : "";
  }
}

const rooted = (name: string) => (name.endsWith(".") ? name : `${name}.`);
const hex = (data: Buffer) => `${data.toString("hex", 0, LONGEST_DATA)}${data.length > LONGEST_DATA ? "…" : ""}`;
const base64 = (data: Buffer) => `${data.toString("base64", 0, LONGEST_DATA)}${data.length > LONGEST_DATA ? "…" : ""}`;
