/** A CA's reply that cannot be read. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";

  constructor(
    readonly code: "unreadable" | "no-certificate" | "too-large" | "wrong-passphrase" | "passphrase-needed",
    /** The file or part of it that is meant, and what was found. */
    readonly found: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(found, options);
  }
}

/** Bounds on a reply. */
export const REPLY_LIMITS = {
  /** Bytes of one file. */
  bytes: 1024 * 1024,
  /** Certificates, keys and other blocks of one file. */
  parts: 128,
  /** Rounds of deriving a key from a passphrase: a hostile file could keep us busy for years. */
  iterations: 2_000_000,
} as const;
