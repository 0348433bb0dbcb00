/** What is known of a peer beside the chain that it presented. */
export interface PeerEvidence {
  /** We asked it to staple an OCSP response: we are the TLS client, and its row wants revocation looked at. */
  readonly askedToStaple?: boolean;
  /** What it stapled, unread. */
  readonly stapled?: Buffer;
}
