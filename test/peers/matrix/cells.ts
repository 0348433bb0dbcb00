import type { Method, NegotiationSettings } from "../../../src/definition";

/** The servers that play partners. */
export const PEERS = ["prosody", "ejabberd"] as const;
export type Peer = (typeof PEERS)[number];

export const PARTNER_TYPES = ["Federated", "PublicVerified", "PublicUnverified"] as const;
export type PartnerType = (typeof PARTNER_TYPES)[number];

/** What is sent, in the order of the table. */
export const KINDS = ["message", "presence", "subscription", "typing", "receipt", "error"] as const;
export type Kind = (typeof KINDS)[number];

/** Who sends it first: their server opens its stream to us, or we ours. */
export const INITIATORS = ["theirs", "ours"] as const;
export type Initiator = (typeof INITIATORS)[number];

/** Each method by a row that has no other: the peer can all three. */
export const METHODS: Readonly<Record<Method, NegotiationSettings & { readonly row: number }>> = {
  "sasl-over-tls": { row: 2, tls: "Required", sasl: "Required", dialback: false },
  "tls-dialback": { row: 13, tls: "Required", sasl: "NotSupported", dialback: true },
  "tcp-dialback": { row: 17, tls: "NotSupported", sasl: "NotSupported", dialback: true },
};
export const METHOD_NAMES = Object.keys(METHODS) as Method[];

/** One partner of ours: a peer under a domain of its own. */
export interface MatrixPartner {
  readonly peer: Peer;
  readonly method: Method;
  readonly partnerType: PartnerType;
  readonly domain: string;
}

export const PARTNERS: readonly MatrixPartner[] = PEERS.flatMap((peer) =>
  METHOD_NAMES.flatMap((method) =>
    PARTNER_TYPES.map((partnerType) => ({
      peer,
      method,
      partnerType,
      domain: `${method}.${partnerType.toLowerCase()}.${peer}.example`,
    })),
  ),
);

/** What came of a stanza, in the words of the table. */
export type Cells = Readonly<Record<Initiator, Readonly<Record<Kind, string>>>>;

/** What a partner's type promises: whatever the server and the method. */
export function expectedCells(partnerType: PartnerType): Cells {
  const guarded = partnerType === "PublicUnverified" ? "refused, then passes" : "passes";
  return {
    theirs: {
      message: guarded,
      presence: "passes with its note",
      subscription: guarded,
      typing: "passes",
      receipt: "passes",
      error: "passes",
    },
    ours: {
      message: "passes",
      presence: partnerType === "Federated" ? "passes with its note" : "passes without its note",
      subscription: "passes",
      typing: "passes",
      receipt: "passes",
      error: "passes",
    },
  };
}

/** Methods for which a certificate of ours is looked at. */
export const SERVERS_METHODS = ["sasl-over-tls", "tls-dialback"] as const;
export type ServersMethod = (typeof SERVERS_METHODS)[number];

/**
 * Met only with a certificate for servers, before the others: ejabberd remembers for minutes that it could not reach us,
 * as when the gateway starts again, and keeps that by domain.
 */
export const SERVERS_ONLY_PARTNERS: readonly MatrixPartner[] = PEERS.flatMap((peer) =>
  SERVERS_METHODS.map((method) => ({
    peer,
    method,
    partnerType: "Federated" as const,
    domain: `${method}.servers-only.${peer}.example`,
  })),
);

/** Debian's releases whose servers are met: CI's first, the others by command. */
export const RELEASES = ["bookworm", "trixie"] as const;
export type Release = (typeof RELEASES)[number];

/** What comes of our streams with a certificate that is for servers only; `accepted`, or how the refusal reads. */
export const EXPECTED_SERVERS_ONLY: Readonly<
  Record<Release, Readonly<Record<Peer, Readonly<Record<ServersMethod, "accepted" | RegExp>>>>>
> = {
  bookworm: {
    prosody: { "sasl-over-tls": "accepted", "tls-dialback": "accepted" },
    ejabberd: {
      "sasl-over-tls": /authentication-refused: the peer refused SASL EXTERNAL/,
      "tls-dialback": "accepted",
    },
  },
  trixie: {
    prosody: { "sasl-over-tls": "accepted", "tls-dialback": "accepted" },
    ejabberd: { "sasl-over-tls": "accepted", "tls-dialback": "accepted" },
  },
};

/** What the run found of one partner. */
export interface PartnerResult extends MatrixPartner {
  readonly cells: Cells;
  /** How the streams authenticated: `in tls-dialback, out tls-dialback`. */
  readonly streams: string;
}

export interface MatrixResult {
  readonly release: Release;
  /** `prosody 0.12.3-1`, … */
  readonly versions: Readonly<Record<Peer, string>>;
  readonly partners: readonly PartnerResult[];
  /** As EXPECTED_SERVERS_ONLY, in the gateway's words where it was refused. */
  readonly serverAuthOnly: Readonly<Record<Peer, Readonly<Record<ServersMethod, string>>>>;
}
