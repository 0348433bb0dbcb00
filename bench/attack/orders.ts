/** What the attacker's process is told. */
export interface AttackOrder {
  readonly attack: Attack;
  readonly address: string;
  readonly port: number;
  /** The domain that is attacked. */
  readonly domain: string;
  /** The partner that it is, or has taken over. */
  readonly partner: { readonly domain: string; readonly certPem: string; readonly keyPem: string };
  /** Where that partner's server is for streams to it. */
  readonly listen: { readonly address: string; readonly port: number };
  /** A partner that authenticates by dialback, and has no server. */
  readonly byDialback: string;
}

export interface AttackReport {
  attempts: number;
  /** Reset, refused or broken off by the gateway. */
  refused: number;
  /** What went wrong with the attacker itself: then nothing was measured. */
  readonly faults: string[];
}

/** By strangers, then by a partner. */
export const ATTACKS = [
  "connections",
  "handshakes",
  "broken handshakes",
  "half-open connections",
  "slow writers",
  "junk before TLS",
  "deep XML before TLS",
  "stanzas before authentication",
  "junk after TLS",
  "dialback keys",
  "streams of a partner",
  "stanzas of a partner",
  "large stanzas of a partner",
  "a partner that takes no answers",
  "a partner that reads nothing",
] as const;

export type Attack = (typeof ATTACKS)[number];
