/** Why the state cannot be used. */
export type StoreErrorCode =
  /** Another process has the state directory. */
  | "state-in-use"
  /** The file is damaged, or no SQLite database. */
  | "state-corrupt"
  /** A database, but of another program. */
  | "state-foreign"
  /** Written by a newer version of xmpp-edge. */
  | "state-newer"
  /** The directory or the file cannot be made, read or written. */
  | "state-unusable"
  /** A write or a commit failed, for example on a full disk. Nothing after it is taken over. */
  | "store-failed"
  | "store-closed"
  /** There is no state to back up. */
  | "state-missing"
  /** There is state where some is to be restored to. */
  | "state-exists"
  /** No backup of ours. */
  | "backup-foreign"
  /** A backup that is cut off or changed. */
  | "backup-damaged"
  /** A backup that a newer version of xmpp-edge made. */
  | "backup-newer"
  /** The backup cannot be taken, written or read. */
  | "backup-failed";

/** State that cannot be read or made durable. The message says what was found, `remedy` what to do. */
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
