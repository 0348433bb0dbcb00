import type { Method, NegotiationSettings } from "../../../src/definition";

/** The servers that play partners. */
export const PEERS = ["prosody", "ejabberd", "jabberd2"] as const;
export type Peer = (typeof PEERS)[number];

export const PARTNER_TYPES = ["Federated", "PublicVerified", "PublicUnverified"] as const;
export type PartnerType = (typeof PARTNER_TYPES)[number];

/** What is sent, in the order of the table. */
export const KINDS = ["message", "presence", "subscription", "typing", "receipt", "error"] as const;
export type Kind = (typeof KINDS)[number];

/** Who sends it first: their server opens its stream to us, or we ours. */
export const INITIATORS = ["theirs", "ours"] as const;
export type Initiator = (typeof INITIATORS)[number];

/** Each method by a row that has no other. */
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

/** Methods that a peer has not: jabberd2 knows no SASL EXTERNAL between servers. */
const LACKING: Readonly<Record<Peer, readonly Method[]>> = {
  prosody: [],
  ejabberd: [],
  jabberd2: ["sasl-over-tls"],
};

export const PARTNERS: readonly MatrixPartner[] = PEERS.flatMap((peer) =>
  METHOD_NAMES.filter((method) => !LACKING[peer].includes(method)).flatMap((method) =>
    PARTNER_TYPES.map((partnerType) => ({
      peer,
      method,
      partnerType,
      domain: `${method}.${partnerType.toLowerCase()}.${peer}.example`,
    })),
  ),
);

/** Partners whose row has no method that the peer has: nothing passes, and both sides are told. */
export const LACKING_PARTNERS: readonly MatrixPartner[] = PEERS.flatMap((peer) =>
  LACKING[peer].map((method) => ({
    peer,
    method,
    partnerType: "Federated" as const,
    domain: `${method}.lacking.${peer}.example`,
  })),
);

/** What came of a stanza, in the words of the table. */
export type Cells = Readonly<Record<Initiator, Readonly<Record<Kind, string>>>>;

/** Servers that keep it from their user that a request for presence was refused. */
export const HIDES_REFUSALS: ReadonlySet<Peer> = new Set<Peer>(["jabberd2"]);

/** What a partner's type promises, whatever the server and the method; how much of it the server shows its user. */
export function expectedCells({ partnerType, peer }: Pick<MatrixPartner, "partnerType" | "peer">): Cells {
  const refused = HIDES_REFUSALS.has(peer) ? "refused unseen" : "refused";
  const guarded = partnerType === "PublicUnverified" ? "refused, then passes" : "passes";
  return {
    theirs: {
      message: guarded,
      presence: "passes with its note",
      subscription: partnerType === "PublicUnverified" ? `${refused}, then passes` : "passes",
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
/** Peers that look at certificates; jabberd2 goes by dialback alone. */
export const CERTIFIED_PEERS = ["prosody", "ejabberd"] as const satisfies readonly Peer[];
export type CertifiedPeer = (typeof CERTIFIED_PEERS)[number];

/**
 * Met only with a certificate for servers, before the others: ejabberd remembers for minutes that it could not reach us,
 * as when the gateway starts again, and keeps that by domain.
 */
export const SERVERS_ONLY_PARTNERS: readonly MatrixPartner[] = CERTIFIED_PEERS.flatMap((peer) =>
  SERVERS_METHODS.map((method) => ({
    peer,
    method,
    partnerType: "Federated" as const,
    domain: `${method}.servers-only.${peer}.example`,
  })),
);

/** The runs, by the folder of their servers (scripts/peers.sh): CI's first, the others by command. */
export const RUNS = ["bookworm", "trixie", "bookworm-jabberd2"] as const;
export type Run = (typeof RUNS)[number];
export type CertifiedRun = Exclude<Run, "bookworm-jabberd2">;
export const PEERS_OF: Readonly<Record<Run, readonly Peer[]>> = {
  bookworm: CERTIFIED_PEERS,
  trixie: CERTIFIED_PEERS,
  "bookworm-jabberd2": ["jabberd2"],
};

/** What comes of our streams with a certificate that is for servers only; `accepted`, or how the refusal reads. */
export const EXPECTED_SERVERS_ONLY: Readonly<
  Record<CertifiedRun, Readonly<Record<CertifiedPeer, Readonly<Record<ServersMethod, "accepted" | RegExp>>>>>
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

/** What a partner came to whose row has no method that its server has. */
export interface LackingResult extends MatrixPartner {
  /** What our user was told of a message there, and theirs of one to us. */
  readonly told: Readonly<Record<Initiator, string>>;
}

export interface MatrixResult {
  readonly release: Run;
  /** `prosody 0.12.3-1`, … */
  readonly versions: Readonly<Partial<Record<Peer, string>>>;
  readonly partners: readonly PartnerResult[];
  readonly lacking?: readonly LackingResult[];
  /** As EXPECTED_SERVERS_ONLY, in the gateway's words where it was refused. */
  readonly serverAuthOnly?: Readonly<Record<CertifiedPeer, Readonly<Record<ServersMethod, string>>>>;
}
