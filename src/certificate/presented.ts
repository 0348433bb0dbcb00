/** The chain that a TLS peer presented, as it was sent. */
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { CHAIN_LIMITS } from "./chain";

/** One more than validation takes, so that a longer chain is seen to be longer. */
const MAXIMUM_READ = CHAIN_LIMITS.presented + 1;

const alreadyRead = new WeakSet<TLSSocket>();

/** A chain was asked for twice: the second answer would be another one. */
export class ChainAlreadyReadError extends Error {
  override readonly name = "ChainAlreadyReadError";
  readonly code = "chain-already-read";
  readonly remedy = "keep what the first call of presentedChain returned";

  constructor() {
    super("the chain of this socket has been read, and Node up to 24 gives it out once");
  }
}

/**
 * Reads the presented chain, the peer's own certificate first, in DER: at most 17, one more than validation takes.
 *
 * To be called once, on `secureConnection` (server, created with `ca: []` and `requestCert`) or `secureConnect`
 * (client, `rejectUnauthorized: false`), before anything else has asked for the peer's certificate: in Node 20 to 24
 * the first call of `getPeerX509Certificate` consumes the chain, and with `ca` set Node 24 returns the leaf only.
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
  let at: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (at && chain.length < MAXIMUM_READ) {
    chain.push(at.raw);
    at = at.issuerCertificate;
  }
  return chain;
}
