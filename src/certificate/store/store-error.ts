/** What is wrong with a certificate store, or with what it was asked for. */
export type StoreErrorCode =
  | "store-unusable"
  | "store-open-to-others"
  | "store-damaged"
  | "store-write-failed"
  | "store-busy"
  | "file-exists"
  | "unreadable-certificate"
  | "unreadable-key"
  | "key-mismatch"
  | "unknown-certificate"
  | "unknown-request"
  | "nothing-to-roll-back"
  | "not-valid-now";

/** A certificate store that cannot do what it was asked for. Nothing has changed in it. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
