/** What can go wrong in the rig itself, as opposed to in what a test examines. */
export type PeerRigErrorCode =
  | "peers-unavailable"
  | "gateway-unavailable"
  | "peer-exited"
  | "peer-timeout"
  | "address-taken"
  | "client-closed"
  | "client-timeout"
  | "client-refused";

/** A fault of the peer rig. A test that meets one fails; it never skips. */
export class PeerRigError extends Error {
  override readonly name = "PeerRigError";

  constructor(
    readonly code: PeerRigErrorCode,
    /** What was found, what was expected, what to do. */
    message: string,
  ) {
    super(message);
  }
}
