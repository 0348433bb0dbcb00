import { type IncomingMessage, request } from "node:http";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { validateChain } from "../../../certificate/chain";
import { isHostName, matchesDomain } from "../../../certificate/domain-match";
import { dnsNames } from "../../../certificate/identity-names";
import { POSH_DOCUMENT_BYTES, POSH_URL_LENGTH } from "../../../certificate/posh";
import { presentedChain } from "../../../certificate/presented";
import type { TrustStore } from "../../../certificate/trust-store";
import type { NameResolver } from "../../../dns/resolver";
import { findOtherHost, type TargetPolicy } from "../../../dns/resolver/targets";
import { dial } from "../dial";

/** Octets of an answer's header fields. */
const HEADER_BYTES = 16 * 1024;

export interface FetchSurroundings {
  readonly resolver: NameResolver;
  /** Anchors that the web server's certificate has to lead to. */
  readonly trust: TrustStore;
  /** Addresses that may be dialled. */
  readonly policy: TargetPolicy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Gives it up: the only bound in time. */
  readonly signal: AbortSignal;
}

/** Why there is no text. */
export class FetchError extends Error {
  override readonly name = "FetchError";
  readonly code = "fetch-failed";
}

/** The text at a URL, or where else it is. */
export type Fetched = { readonly text: string } | { readonly movedTo: string };

const UNPRINTABLE = /[^\x21-\x7e]/g;

/** @throws FetchError where nothing may be fetched from there: not https, not by the name of a host, too long */
export function checkUrl(text: string): URL {
  const url = text.length <= POSH_URL_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "https:" || !isHostName(url.hostname))
    throw new FetchError(`${text.slice(0, 100).replace(UNPRINTABLE, "?")} is no https URL of a host`);
  if (url.username !== "" || url.password !== "") throw new FetchError("a URL with a password in it is not fetched");
  return url;
}

/**
 * Fetches a text over HTTPS from a host that a stranger may have named: addresses are judged before they are dialled, the
 * certificate by our own validation, by its dNSNames alone (RFC 9110 section 4.3.4), and the answer is bounded in octets.
 * @throws FetchError
 */
export async function fetchDocument(url: URL, surroundings: FetchSurroundings): Promise<Fetched> {
  const { resolver, policy, signal } = surroundings;
  const place = { host: url.hostname, port: Number(url.port || 443) };
  const found = await findOtherHost(url.hostname, place, resolver, policy, signal);
  if (!found.ok) throw new FetchError(found.text);
  const dialled = await dial(found.targets, signal);
  if (!dialled.ok) throw new FetchError(dialled.text);
  const socket = connectTls({
    socket: dialled.socket,
    servername: url.hostname,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false, // Node's verdict is never read: the chain passes our own validation
    checkServerIdentity: () => undefined,
  });
  try {
    await handshake(socket, signal);
    judge(url.hostname, presentedChain(socket), surroundings);
    return await exchange(url, socket, signal);
  } finally {
    socket.destroy();
  }
}

function handshake(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (text: string) => reject(new FetchError(text));
    socket.once("secureConnect", resolve);
    socket.on("error", (error) => fail(`TLS failed: ${error.message}`)); // stays: it may still fail later
    socket.once("close", () => fail("the connection was closed"));
    if (signal.aborted) fail(GIVEN_UP);
    signal.addEventListener("abort", () => fail(GIVEN_UP), { once: true });
  });
}

const GIVEN_UP = "no whole answer in time";

function judge(host: string, presented: readonly Buffer[], { trust, now }: FetchSurroundings): void {
  const verdict = validateChain({ presented, trust, domain: host, now: new Date(now()) });
  if (!verdict.ok)
    throw new FetchError(`the web server's certificate: ${verdict.code}: ${verdict.detail}; ${verdict.remedy}`);
  const names = dnsNames(verdict.path[0]!.extensions);
  if (!names.some((name) => matchesDomain(name, host)))
    throw new FetchError(`the web server's certificate: ${host} is not among its dNSNames`);
}

function exchange(url: URL, socket: TLSSocket, signal: AbortSignal): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => socket,
      method: "GET",
      path: url.pathname + url.search,
      setHost: false,
      headers: { Host: url.host, Accept: "application/json", "User-Agent": "xmpp-edge", Connection: "close" },
      maxHeaderSize: HEADER_BYTES,
      signal,
    });
    const fail = (text: string) => reject(new FetchError(text));
    let answered = false;
    outgoing.on("error", (error) => fail(signal.aborted ? GIVEN_UP : error.message));
    outgoing.on("response", (incoming) => {
      answered = true;
      void read(incoming).then(resolve, reject);
    });
    // An answer that asks for another protocol is no response to Node, and no error.
    outgoing.on("close", () => {
      if (!answered) fail("the connection was closed without an answer");
    });
    outgoing.end();
  });
}

const MOVED: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

async function read(incoming: IncomingMessage): Promise<Fetched> {
  const { statusCode, headers } = incoming;
  if (MOVED.has(statusCode) && headers.location !== undefined) return { movedTo: headers.location };
  if (statusCode !== 200) throw new FetchError(`HTTP status ${statusCode}`);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > POSH_DOCUMENT_BYTES) throw new FetchError(`more than ${POSH_DOCUMENT_BYTES} octets`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof FetchError ? error : new FetchError(`the answer broke off: ${(error as Error).message}`);
  }
  return { text: Buffer.concat(chunks).toString("utf8") };
}
