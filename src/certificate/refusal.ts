/** Why a chain is not accepted: the codes that logs, metrics and reports share, each with its remedy. */

const REMEDIES = {
  "no-certificate": "let the peer present its certificate, and its intermediates, in the TLS handshake",
  "too-many-certificates": "let the peer send its own certificate and the intermediates up to its root, no others",
  unreadable: "have the certificate issued again; it must be X.509 in DER as RFC 5280 section 4 describes it",
  "too-many-names": "have the certificate issued with at most 500 names",
  "too-many-paths": "let the peer send one intermediate for each step up to its root, without variants of the same CA",
  untrusted: "add the CA that issued the chain to the partner's trustAnchors, or let the peer send its intermediates",
  expired: "renew the certificate, or set the clock of this machine",
  "not-a-ca": "have the certificate issued by a CA (basicConstraints with cA); one without it can only be pinned",
  "no-keyCertSign": "have the CA certificate issued again with keyCertSign in its keyUsage",
  "path-length": "have the certificate issued by a CA nearer to the root; one above it forbids so many below itself",
  "name-constraint": "have the certificate issued by a CA that may issue for this domain",
  "wrong-name": "have the certificate issued with the domain among its dNSNames; the common name does not count",
  usage: "have the certificate issued for TLS servers (extKeyUsage serverAuth, keyUsage digitalSignature)",
  "unknown-critical-extension": "have the certificate issued without that extension, or with it marked non-critical",
  "weak-signature": "have the certificate issued again, signed with SHA-256 or better",
  "weak-key": "have the certificate issued for a key of RSA 2048 bits or more, P-256, P-384, P-521, Ed25519 or Ed448",
  "oversized-key": "have the certificate issued for an RSA key of at most 8192 bits",
} as const;

/** The stable codes of refusals. `expired` is also for certificates that are not valid yet. */
export type ChainRefusal = keyof typeof REMEDIES;

/** Every code, for tables and reports. */
export const CHAIN_REFUSALS = Object.keys(REMEDIES) as readonly ChainRefusal[];

/** One reason: its code and what was found. */
export interface Refusal {
  readonly code: ChainRefusal;
  /** What was found, for people; what of it comes from the peer is bounded and printable. */
  readonly detail: string;
}

/** What to do about a refusal. */
export function remedyFor(code: ChainRefusal): string {
  return REMEDIES[code];
}
