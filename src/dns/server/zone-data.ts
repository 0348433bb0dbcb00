import { isIP } from "node:net";
import type { DnsRecord } from "../../definition/facts";

/** Records that a zone has of itself (RFC 1035 sections 3.3.11 and 3.3.13), beside those of the definition. */
export interface ApexRecord {
  readonly type: "SOA" | "NS";
  readonly owner: string;
  /** Seconds. */
  readonly ttl: number;
  /** The name server of the zone. */
  readonly host: string;
}

/** Only what is served of a record: why it is published and where stays at home. */
export type ServedRecord = DnsRecord | ApexRecord | { type: "A" | "AAAA"; owner: string; ttl: number; address: string };

export interface ZoneAnswer {
  readonly code: "NOERROR" | "NXDOMAIN" | "REFUSED" | "NOTIMP";
  /** Whether we speak for the name: it lies in one of our zones. */
  readonly authoritative: boolean;
  readonly answers: readonly ServedRecord[];
  /** The SOA that lets an absence be remembered (RFC 2308 section 3). */
  readonly authorities: readonly ServedRecord[];
}

/** Seconds that SOA, NS and absences may be remembered: records of a local run come and go. */
export const APEX_TTL = 60;

const TYPE_NUMBERS: Readonly<Record<ServedRecord["type"], number>> = {
  A: 1,
  NS: 2,
  SOA: 6,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
};
const IXFR = 251;
const AXFR = 252;
const ANY = 255;
/** RFC 6895 section 3.1: from here to 255 types ask for something else than records of that type. */
const FIRST_META = 128;

const REFUSED: ZoneAnswer = { code: "REFUSED", authoritative: false, answers: [], authorities: [] };
const NOTIMP: ZoneAnswer = { ...REFUSED, code: "NOTIMP" };

/** The zones that a set of records lies in, each with an SOA and a name server of its own, ready to be asked. */
export class ZoneData {
  readonly #zones = new Map<string, ApexRecord>();
  readonly #records = new Map<string, ServedRecord[]>();
  /** Every name that exists, with those that only have names below them (RFC 8020). */
  readonly #names = new Set<string>();

  /** @param serverAddress where the name server that we name can be reached */
  constructor(records: readonly DnsRecord[], serverAddress: string) {
    for (const zone of new Set(records.map((record) => lowerCase(record.zone)))) {
      const soa: ApexRecord = { type: "SOA", owner: zone, ttl: APEX_TTL, host: `ns.${zone}` };
      this.#zones.set(zone, soa);
      this.#add(soa);
      this.#add({ ...soa, type: "NS" });
    }
    for (const record of records) this.#add(record);
    const type = isIP(serverAddress) === 6 ? "AAAA" : "A";
    for (const { host } of this.#zones.values())
      if (!this.#records.has(host)) this.#add({ type, owner: host, ttl: APEX_TTL, address: serverAddress });
  }

  /** @param type number of the type asked for (RFC 1035 section 3.2.3) */
  answer(name: string, type: number): ZoneAnswer {
    const owner = lowerCase(name);
    const zone = this.#zoneOf(owner);
    if (zone === undefined || type === AXFR || type === IXFR) return REFUSED;
    if (type >= FIRST_META && type < ANY) return NOTIMP;
    const records = this.#records.get(owner) ?? [];
    const answers = type === ANY ? records : records.filter((record) => TYPE_NUMBERS[record.type] === type);
    if (answers.length > 0) return { code: "NOERROR", authoritative: true, answers, authorities: [] };
    const code = this.#names.has(owner) ? "NOERROR" : "NXDOMAIN";
    return { code, authoritative: true, answers: [], authorities: [zone] };
  }

  #add(record: ServedRecord): void {
    const owner = lowerCase(record.owner);
    const there = this.#records.get(owner);
    if (there === undefined) this.#records.set(owner, [record]);
    else there.push(record);
    for (const name of andAbove(owner)) {
      this.#names.add(name);
      if (this.#zones.has(name)) break;
    }
  }

  /** The deepest of our zones that holds the name. */
  #zoneOf(name: string): ApexRecord | undefined {
    for (const candidate of andAbove(name)) {
      const zone = this.#zones.get(candidate);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }
}

/** DNS compares ASCII letters without case, and only those (RFC 4343). */
const lowerCase = (name: string) => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** The name, then its parents up to the top-level domain. */
function* andAbove(name: string): Generator<string> {
  for (let rest = name; ; ) {
    yield rest;
    const dot = rest.indexOf(".");
    if (dot === -1) return;
    rest = rest.slice(dot + 1);
  }
}
