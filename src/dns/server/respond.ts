import { Packet } from "dns2";
import { toResource } from "./wire-codec";
import type { ZoneData } from "./zone-data";

/** Largest datagram we send or announce (RFC 9715): it passes any path without fragments. */
const PAYLOAD = 1232;
/** Largest answer to a query without EDNS (RFC 1035 section 4.2.1). */
const PLAIN_PAYLOAD = 512;
const QUERY = 0;

/**
 * The response to a request, or undefined where none may be sent.
 * @param zones read at every question; what it throws becomes SERVFAIL
 * @param stream whether the request came over TCP, where nothing is truncated
 */
export function respond(request: Packet, zones: () => ZoneData, stream: boolean): Buffer | undefined {
  // Two servers that answer answers would keep each other busy for ever.
  if (request.header.qr !== 0) return undefined;
  try {
    return encoded(request, answered(request, zones), stream);
  } catch {
    // What was thrown is the zone's or the encoder's; the client is told that we failed, and nothing of why.
    return encoded(request, responded(request, Packet.RCODE.SERVFAIL), stream);
  }
}

function answered(request: Packet, zones: () => ZoneData): Packet {
  const { RCODE, CLASS } = Packet;
  const [question] = request.questions;
  if (request.header.opcode !== QUERY) return responded(request, RCODE.NOTIMP);
  if (question === undefined || request.header.qdcount !== 1 || request.errors.length > 0)
    return responded(request, RCODE.FORMERR);
  if (optOf(request)?.version) return responded(request, RCODE.BADVERS);
  if (question.class !== CLASS.IN && question.class !== CLASS.ANY) return responded(request, RCODE.REFUSED);
  const { code, authoritative, answers, authorities } = zones().answer(question.name, question.type);
  const response = responded(request, RCODE[code]);
  response.header.aa = authoritative ? 1 : 0;
  // The owner is repeated as it was asked: resolvers that vary its case look for that (draft-vixie-dnsext-dns0x20).
  response.answers = answers.map((record) => toResource({ ...record, owner: question.name }));
  response.authorities = authorities.map(toResource);
  return response;
}

function responded(request: Packet, rcode: number): Packet {
  const response = Packet.createResponseFromRequest(request);
  response.header.rcode = rcode;
  if (optOf(request) !== undefined) response.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: PAYLOAD }));
  return response;
}

function encoded(request: Packet, response: Packet, stream: boolean): Buffer {
  const bytes = response.toBuffer();
  const offered = optOf(request)?.class ?? PLAIN_PAYLOAD;
  if (stream || bytes.length <= Math.min(Math.max(offered, PLAIN_PAYLOAD), PAYLOAD)) return bytes;
  response.header.tc = 1;
  response.answers = [];
  response.authorities = [];
  return response.toBuffer();
}

const optOf = (packet: Packet) => packet.additionals.find((record) => record.type === Packet.TYPE.EDNS);
