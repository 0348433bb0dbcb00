import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { RefusedRequest } from "./answer";

/** Refuses a request without the token (RFC 6750 section 2.1). Digests are compared: equal lengths, in constant time. */
export function demandToken(request: IncomingMessage, token: string): void {
  const given = /^bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  throw new RefusedRequest(
    401,
    "not-authorized",
    "send Authorization: Bearer with the token from sandbox.token in the state directory",
    { "WWW-Authenticate": 'Bearer realm="xmpp-edge sandbox"' },
  );
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
