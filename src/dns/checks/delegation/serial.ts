import { comparable } from "../../resolver";
import { messageOf } from "../../survey";
import type { Heard, ServerView, ZoneView } from "./zone-view";

/** What a zone says of itself. */
export interface Soa {
  readonly serial: number;
  /** Seconds. */
  readonly refresh: number;
  readonly minimum: number;
  readonly ttl: number;
}

/** Whether serial `a` comes after `b` (RFC 1982 section 3.2). */
const isAfter = (a: number, b: number): boolean => a !== b && (a - b) >>> 0 < 0x8000_0000;

/** The zone's SOA record at a server: it was asked twice, and the later serial counts. */
function soaAt({ heard, overTcp }: ServerView, zone: string): Soa | undefined {
  return [...heard, ...overTcp]
    .flatMap((one) => (one.question.type === "SOA" && comparable(one.question.name) === zone ? soaIn(one, zone) : []))
    .reduce<Soa | undefined>(
      (newest, soa) => (newest === undefined || isAfter(soa.serial, newest.serial) ? soa : newest),
      undefined,
    );
}

function soaIn({ said }: Heard, zone: string): Soa[] {
  if (said.status !== "answered" || !said.authoritative || said.code !== "NOERROR") return [];
  return messageOf(said).answers.flatMap((record) => {
    if (record.type !== "SOA" || comparable(record.name) !== zone) return [];
    const { serial = 0, refresh = 0, minimum = 0 } = record.data;
    return [{ serial, refresh, minimum, ttl: record.ttl ?? 0 }];
  });
}

/** A server, and its version of the zone. */
export interface Copy {
  readonly server: string;
  readonly soa: Soa;
}

/** The copies of all servers that have one. */
export const copiesOf = ({ servers, zone }: ZoneView): Copy[] =>
  servers.flatMap((server) => {
    const soa = soaAt(server, zone.name);
    return soa === undefined ? [] : [{ server: server.name, soa }];
  });

export const newestOf = (copies: readonly Copy[]): Soa | undefined =>
  copies.reduce<Soa | undefined>(
    (newest, { soa }) => (newest === undefined || isAfter(soa.serial, newest.serial) ? soa : newest),
    undefined,
  );
