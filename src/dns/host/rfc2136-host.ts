import { randomInt } from "node:crypto";
import { comparable, formatServerAddress, type Message, type ServerAddress } from "../resolver";
import { decodeResponse } from "../resolver/message";
import { MalformedMessage } from "../resolver/message-structure";
import { overTcp, overUdp, type Transport } from "../resolver/transport";
import { checkRecord, type DnsHost, DnsHostError, type HostRecord } from "./dns-host";
import { ask, PATIENCE, zoneOfMessage } from "./name-server";
import { signMessage, TsigError, verifyResponse } from "./tsig";
import type { TsigKey } from "./tsig-key";
import { type Change, encodeUpdate, fromAnswer } from "./update-message";

export interface Rfc2136Options {
  /** The zones' primary server: it takes the updates and is asked what it has. */
  readonly server: ServerAddress;
  readonly key: TsigKey;
  /** Milliseconds since 1970; signatures carry the time. */
  readonly now: () => number;
}

/** Records in one update: far below the 65,535 octets of a message. */
const BATCH = 200;

/** What response codes mean for whoever set the server up (RFC 2136 section 2.2, RFC 8945 section 3). */
const REMEDIES: Readonly<Record<string, string>> = {
  REFUSED: "let this key update the zone (BIND: update-policy, knot: acl with action update)",
  NOTAUTH: "give the zone's primary server, and a key that it knows",
  NOTIMP: "give a server that takes dynamic updates",
  SERVFAIL: "see the server's log; its journal or disk may be full",
};

/** A name server that takes dynamic updates (RFC 2136), signed with TSIG (RFC 8945). */
export function rfc2136Host({ server, key, now }: Rfc2136Options): DnsHost {
  const place = formatServerAddress(server);
  const zones = new Map<string, Promise<string>>();

  const zoneOf = (owner: string): Promise<string> => {
    const parent = owner.slice(owner.indexOf(".") + 1);
    const known = zones.get(parent);
    if (known !== undefined) return known;
    const found = findZone(owner, server);
    zones.set(parent, found);
    // A failure is not remembered; the caller gets it by its own promise.
    found.catch(() => zones.delete(parent));
    return found;
  };

  const change = async (kind: Change["kind"], records: readonly HostRecord[]): Promise<void> => {
    for (const record of records) checkRecord(record);
    const byZone = new Map<string, Change[]>();
    for (const record of records) {
      const zone = await zoneOf(record.owner);
      const changes = byZone.get(zone) ?? [];
      byZone.set(zone, changes);
      changes.push({ kind, record: kind === "add" ? await withTtlOfSet(record) : record });
    }
    for (const [zone, changes] of byZone)
      for (let from = 0; from < changes.length; from += BATCH) await update(zone, changes.slice(from, from + BATCH));
  };

  /** A set has one TTL; an update with another would change it for records that are not ours. */
  const withTtlOfSet = async (record: HostRecord): Promise<HostRecord> => {
    const [there] = await read(record.owner, record.type);
    return there === undefined ? record : { ...record, ttl: there.ttl };
  };

  const update = async (zone: string, changes: readonly Change[]): Promise<void> => {
    const signed = signMessage(encodeUpdate(randomInt(0x10000), zone, changes), key, now());
    const accept = (bytes: Buffer): Message => {
      decodeResponse(bytes); // its structure: the signature's reader takes it on trust
      return decodeResponse(verifyResponse(bytes, key, signed.mac, now()));
    };
    const message = await send(server, signed.message, accept);
    if (message.code === "NOERROR") return;
    throw new DnsHostError(
      "dns-host-refused",
      `${place} refuses to update the zone ${zone}: ${message.code}`,
      REMEDIES[message.code] ?? "see the server's log",
    );
  };

  const read: DnsHost["read"] = async (owner, type) => {
    const { answers } = await ask({ name: owner, type }, server, { recursion: false });
    return answers.flatMap((answer) => {
      const record =
        answer.type === type && comparable(answer.name) === comparable(owner) ? fromAnswer(answer) : undefined;
      return record === undefined ? [] : [record];
    });
  };

  return {
    name: `RFC 2136 server ${place}`,
    publish: (records) => change("add", records),
    remove: (records) => change("remove", records),
    read,
  };
}

/** The deepest zone that the server keeps for the name: it says so itself, in the SOA record of its answer. */
async function findZone(owner: string, server: ServerAddress): Promise<string> {
  const message = await ask({ name: owner, type: "SOA" }, server, { recursion: false });
  const alias = message.answers.find(({ type, name }) => type === "CNAME" && comparable(name) === comparable(owner));
  if (alias !== undefined)
    throw new DnsHostError(
      "dns-host-alias",
      `${owner} is an alias (CNAME), and nothing else can stand beside one (RFC 1034 section 3.6.2)`,
      "remove the CNAME record, or have the records published at the name that it leads to",
    );
  const zone = message.authoritative ? zoneOfMessage(message, owner) : undefined;
  if (zone !== undefined) return zone;
  throw new DnsHostError(
    "dns-host-zone",
    `${formatServerAddress(server)} keeps no zone that holds ${owner}`,
    "give the primary server of the zone, or delegate the name to a zone that is kept there",
  );
}

/** Over TCP, which takes updates of any size and whose answers are harder to forge; over UDP where TCP is closed. */
async function send(server: ServerAddress, request: Buffer, accept: (bytes: Buffer) => Message): Promise<Message> {
  try {
    return await over(overTcp, server, request, accept);
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    if (code !== "ECONNREFUSED" || request.length > 1232) throw error;
    return over(overUdp, server, request, accept);
  }
}

function over(
  transport: Transport,
  server: ServerAddress,
  request: Buffer,
  accept: (bytes: Buffer) => Message,
): Promise<Message> {
  const place = formatServerAddress(server);
  return new Promise((resolve, reject) => {
    let forged: Error | undefined;
    const fail = (cause: Error) => {
      clearTimeout(deadline);
      listener.close();
      const answered = forged !== undefined;
      reject(
        new DnsHostError(
          answered ? "dns-host-answer" : "dns-host-unreachable",
          answered
            ? `the answer of ${place} is not taken: ${cause.message}`
            : `${place} gives no answer: ${cause.message}`,
          answered
            ? "compare the key's name, algorithm and secret with the server's, and both clocks"
            : "see whether the server runs and can be reached from here",
          { cause },
        ),
      );
    };
    const listener = transport(server, request, {
      message: (bytes) => {
        try {
          const message = accept(bytes);
          clearTimeout(deadline);
          listener.close();
          resolve(message);
        } catch (error) {
          if (!(error instanceof TsigError || error instanceof MalformedMessage)) return fail(error as Error);
          // Over UDP anybody may have sent it: the true answer may still come. Over TCP it is the server's word.
          forged = error;
          if (transport === overTcp) fail(error);
        }
      },
      error: (error) => fail(forged ?? error),
    });
    // After it: a transport that throws at once leaves no timer behind.
    const deadline = setTimeout(() => fail(forged ?? new Error(`nothing in ${PATIENCE.timeout} ms`)), PATIENCE.timeout);
  });
}
