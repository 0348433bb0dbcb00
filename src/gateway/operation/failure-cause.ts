import type { OutboundEnd } from "../s2s/outbound-end";

/** Where on the way to a partner something broke, in the order in which a stream gets there. */
export const HOPS = ["DNS", "connect", "TLS", "certificate", "authentication", "policy", "delivery"] as const;
export type Hop = (typeof HOPS)[number];

/** Whose part has to change; `between` where neither end can tell. */
export type Side = "ours" | "theirs" | "between";

export interface FailureCause {
  readonly hop: Hop;
  readonly side: Side;
  /** What to do. */
  readonly remedy: string;
}

const cause = (hop: Hop, side: Side, remedy: string): FailureCause => ({ hop, side, remedy });

/** Why a stream that we open does not come up or ends. */
const OUTBOUND: Readonly<Record<OutboundEnd["code"] | "limit-reached", FailureCause>> = {
  "limit-reached": cause(
    "policy",
    "ours",
    "raise connectionLimit of the partner's row or of the gateway, or see in xmpp-edge status which streams stand",
  ),
  "dns-absent": cause(
    "DNS",
    "theirs",
    "ask the partner to publish its _xmpp-server._tcp SRV record, or set proxyFqdn in its row",
  ),
  "dns-failed": cause(
    "DNS",
    "between",
    "look at our resolver (--resolver) and at the partner's name servers: xmpp-edge dns verify shows which fails",
  ),
  "target-forbidden": cause(
    "DNS",
    "theirs",
    "the partner's records lead to addresses that are not global, or to our own: where a range is meant, set allowedTargets in its row; our own address is never dialled",
  ),
  "connect-failed": cause(
    "connect",
    "between",
    "the partner's server does not take connections: check its port and the firewalls on the way out",
  ),
  "connection-lost": cause("connect", "between", "the connection broke: see the partner's log at that time"),
  timeout: cause(
    "connect",
    "theirs",
    "the partner's server took too long to negotiate: see its log, or raise streamEstablishmentTimeout",
  ),
  "tls-failed": cause(
    "TLS",
    "theirs",
    "TLS 1.2 or 1.3 could not be agreed on: see the partner's TLS settings and its log",
  ),
  "certificate-refused": cause(
    "certificate",
    "theirs",
    "the partner has to present a valid certificate that names its domain; a private CA of theirs goes into trustAnchors of its row",
  ),
  "authentication-refused": cause(
    "authentication",
    "theirs",
    "the partner refuses our certificate: it has to trust our CA, and our certificate to name our domain",
  ),
  "dialback-refused": cause(
    "authentication",
    "theirs",
    "the partner could not verify our key: our _xmpp-server._tcp SRV record must lead to this gateway",
  ),
  "dialback-failed": cause(
    "authentication",
    "theirs",
    "the partner could not reach this gateway to verify our key: check our SRV record and port 5269 from outside",
  ),
  "no-common-method": cause(
    "policy",
    "theirs",
    "the partner offers no method that its row allows (xmpp-edge explain shows them); a server that does not trust our certificate offers no EXTERNAL",
  ),
  "peer-error": cause(
    "policy",
    "theirs",
    "the partner's server ended the stream with this error: its operator has to allow our domain",
  ),
  protocol: cause("policy", "theirs", "the partner's server broke the protocol: tell its operator what is said here"),
  "given-up": cause("delivery", "ours", "we closed the stream for this reason: see the log"),
  closed: cause("delivery", "ours", "we closed the stream in order: nothing to do"),
  "closed-by-peer": cause(
    "delivery",
    "theirs",
    "the partner closed the stream before what we sent was answered: see its log",
  ),
};

/** Why a partner's stream to us is refused, by the name of the log line. */
const INBOUND: Readonly<Record<string, FailureCause>> = {
  "certificate-refused": cause(
    "certificate",
    "theirs",
    "the partner has to present a valid certificate that names its domain; a private CA of theirs goes into trustAnchors of its row",
  ),
  "sasl-refused": cause(
    "authentication",
    "theirs",
    "the partner asked for EXTERNAL with a name or certificate that does not fit: see its server's name and certificate",
  ),
  "dialback-refused": cause(
    "authentication",
    "theirs",
    "the partner's key could not be verified: its SRV record must lead to the server that opens the stream",
  ),
  "starttls-refused": cause("policy", "ours", "this partner's row has no TLS: set tlsNegotiation if it should"),
  "stream-refused": cause(
    "policy",
    "theirs",
    "the partner's server did what its row does not allow: xmpp-edge explain shows what it allows",
  ),
  pipelined: cause("TLS", "theirs", "the partner, or somebody on the way, sends data before TLS stands"),
};

const UNKNOWN: FailureCause = cause("delivery", "between", "see the log at that time");

/** What a failure's code means: which hop, whose side, what to do. */
export function failureCause(direction: "in" | "out", code: string): FailureCause {
  const known: Readonly<Record<string, FailureCause>> = direction === "out" ? OUTBOUND : INBOUND;
  return Object.hasOwn(known, code) ? known[code]! : UNKNOWN;
}
