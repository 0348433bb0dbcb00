import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { RefusedRequest } from "./answer";
import type { TokenName } from "./kept-token";

/**
 * Refuses a request without the token (RFC 6750 section 2.1). Digests are compared: equal lengths, in constant time.
 * @param name the file in the state directory that holds it
 */
export function demandToken(request: IncomingMessage, token: string, name: TokenName): void {
  const given = /^bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  throw new RefusedRequest(
    401,
    "not-authorized",
    `send Authorization: Bearer with the token from ${name} in the state directory`,
    { "WWW-Authenticate": `Bearer realm="xmpp-edge ${name === "admin.token" ? "admin" : "sandbox"}"` },
  );
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
