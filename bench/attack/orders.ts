/** What the attacker's process is told. */
export interface AttackOrder {
  readonly attack: string;
  readonly address: string;
  readonly port: number;
  /** The domain that is attacked. */
  readonly domain: string;
  /** The partner that it pretends to be, and is where it can authenticate. */
  readonly partner: { readonly domain: string; readonly certPem: string; readonly keyPem: string };
}

export interface AttackReport {
  attempts: number;
  /** Reset, refused or broken off by the gateway. */
  refused: number;
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
  "streams of a partner",
  "stanzas of a partner",
  "a partner that reads nothing",
] as const;
