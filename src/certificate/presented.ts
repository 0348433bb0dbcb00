/** The chain that a TLS peer presented. */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { CHAIN_LIMITS } from "./chain";

/** One more than validation takes, so that a longer chain is seen to be longer. */
const MAXIMUM_READ = CHAIN_LIMITS.presented + 1;

const alreadyRead = new WeakSet<TLSSocket>();

/** A chain was asked for twice: Node does not promise the same answer. */
export class ChainAlreadyReadError extends Error {
  override readonly name = "ChainAlreadyReadError";
  readonly code = "chain-already-read";
  readonly remedy = "keep what the first call of presentedChain returned";

  constructor() {
    super("the chain of this socket has been read already");
  }
}

/**
 * Reads the presented chain in DER: the peer's own certificate first, then each one's issuer as far as the peer sent it;
 * at most 17, one more than validation takes. What was sent besides, and leads nowhere from the first, is left out; so may be
 * issuers that were not sent in their order (RFC 8446 section 4.4.2 asks for it), which can only lead to a refusal.
 *
 * To be called once, on `secureConnection` (server, created with `ca: []` and `requestCert`) or `secureConnect`
 * (client, `rejectUnauthorized: false`). Not by `getPeerX509Certificate`, which would keep the order: in Node 22 to 26 it
 * takes every certificate behind the first out of OpenSSL's hands and never frees it, so that each handshake would cost
 * memory for good, as much as the peer likes to send.
 *
 * @returns empty where the peer presented none, and for a resumed session: that keeps the leaf alone, if anything,
 *          which cannot be judged again
 * @throws ChainAlreadyReadError on the second call for one socket
 */
export function presentedChain(socket: TLSSocket): Buffer[] {
  if (alreadyRead.has(socket)) throw new ChainAlreadyReadError();
  alreadyRead.add(socket);
  const chain: Buffer[] = [];
  if (socket.isSessionReused()) return chain;
  // A certificate without any field stands for none, whatever the types say; a self-signed one is its own issuer.
  let at: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (at?.raw !== undefined && chain.length < MAXIMUM_READ) {
    chain.push(at.raw);
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return chain;
}
