import { isIP } from "node:net";

/** A record as a host keeps it. The records of the definition's facts fit; TXT is what ACME needs. */
export type HostRecord = {
  /** Owner name in A-labels, without the final dot. */
  readonly owner: string;
  /** Seconds. Where the owner has records of the type already, their TTL stays: a set has one (RFC 2181 section 5.2). */
  readonly ttl: number;
} & RecordData;

export type RecordData =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      /** Without the final dot. */
      readonly target: string;
    }
  | { readonly type: "CAA"; readonly flags: number; readonly tag: string; readonly value: string }
  /** ASCII, at most 255 characters: one character-string (RFC 1035 section 3.3.14). */
  | { readonly type: "TXT"; readonly text: string };

/**
 * Where records are published. Every method works on single records and leaves the others of the same owner and type
 * as they are: what a caller did not publish it never touches. Both changes may be repeated without harm, so a crash
 * between them and whatever remembers them costs nothing.
 */
export interface DnsHost {
  /** For people: `RFC 2136 server 192.0.2.53:53`. */
  readonly name: string;
  /** Adds the records; those that are there already stay. Resolves when the host has them. */
  publish(records: readonly HostRecord[]): Promise<void>;
  /** Takes exactly these records away; those that are not there are no error. */
  remove(records: readonly HostRecord[]): Promise<void>;
  /** What the host has at the owner, of the type. */
  read(owner: string, type: HostRecord["type"]): Promise<HostRecord[]>;
}

export type DnsHostErrorCode =
  /** The server cannot be reached, or gives no answer in time. */
  | "dns-host-unreachable"
  /** It answered, and refused. */
  | "dns-host-refused"
  /** Its answer is not to be trusted, or makes no sense. */
  | "dns-host-answer"
  /** No zone for the name is kept there. */
  | "dns-host-zone"
  /** The name is an alias, which bears no other record. */
  | "dns-host-alias"
  /** The TSIG key file cannot be used. */
  | "dns-host-key"
  /** The record cannot be written. */
  | "dns-host-record";

/** A change or a look-up at a host that did not come about. */
export class DnsHostError extends Error {
  override readonly name = "DnsHostError";

  constructor(
    readonly code: DnsHostErrorCode,
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** RDATA as zone files and Route 53 write it (RFC 1035 section 5.1, RFC 8659 section 4.1.1). */
export function recordText(record: RecordData): string {
  switch (record.type) {
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${record.target}.`;
    case "CAA":
      return `${record.flags} ${record.tag} ${quoted(record.value)}`;
    case "TXT":
      return quoted(record.text);
    default:
      return record.address;
  }
}

/** One line of a zone file. */
export function recordLine(record: HostRecord): string {
  return `${record.owner}. ${record.ttl} IN ${record.type} ${recordText(record)}`;
}

/**
 * Refuses what no host should be asked to write: owners and values come from definitions and from ACME servers.
 * @throws DnsHostError `dns-host-record`
 */
export function checkRecord(record: HostRecord): void {
  const bad = (what: string) =>
    new DnsHostError(
      "dns-host-record",
      `a ${record.type} record at ${JSON.stringify(record.owner)}: ${what}`,
      "mend the definition, or the server that asked for this record",
    );
  if (!isName(record.owner, true)) throw bad("the owner is no DNS name");
  if (!Number.isInteger(record.ttl) || record.ttl < 0 || record.ttl > 0x7fffffff) throw bad(`the TTL ${record.ttl}`);
  switch (record.type) {
    case "SRV":
      if (!isName(record.target, false)) throw bad("the target is no host name");
      return;
    case "CAA":
      if (!PRINTABLE.test(record.value) || !/^[a-z0-9]{1,15}$/i.test(record.tag)) throw bad("tag or value");
      return;
    case "TXT":
      if (!PRINTABLE.test(record.text)) throw bad("the text is not 1 to 255 printable ASCII characters");
      return;
    default:
      if (isIP(record.address) !== (record.type === "A" ? 4 : 6)) throw bad(`the address ${record.address}`);
  }
}

/** Whether two are the same record: names compare without regard to case (RFC 4343); the TTL is not part of it. */
export function sameRecord(a: HostRecord, b: HostRecord): boolean {
  return (
    a.owner.toLowerCase() === b.owner.toLowerCase() && a.type === b.type && comparableText(a) === comparableText(b)
  );
}

const comparableText = (record: RecordData) =>
  record.type === "SRV" || record.type === "AAAA" ? recordText(record).toLowerCase() : recordText(record);

const PRINTABLE = /^[ -~]{1,255}$/;
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

function isName(name: string, owner: boolean): boolean {
  const label = owner ? /^(\*|[a-z0-9_-]{1,63})$/i : /^[a-z0-9_-]{1,63}$/i;
  return name.length <= 253 && name.split(".").every((part) => label.test(part));
}
