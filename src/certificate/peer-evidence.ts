import type { TlsaRecord } from "./dane/tlsa-record";
import type { PoshFingerprint } from "./posh/posh-document";

/** What is known of a peer beside the chain that it presented. */
export interface PeerEvidence {
  /** We asked it to staple an OCSP response: we are the TLS client, and its row wants revocation looked at. */
  readonly askedToStaple?: boolean;
  /** What it stapled, unread. */
  readonly stapled?: Buffer;
  /** What the DNS proves of its certificate, where its row's `proofType` is `dane`. */
  readonly tlsa?: TlsaEvidence;
  /** What its POSH document says of its certificate, where its row's `proofType` is `posh`. */
  readonly posh?: PoshEvidence;
}

/** What proves the certificate instead of a path to our anchors. */
export type ProofEvidence = Pick<PeerEvidence, "tlsa" | "posh">;

/** The fingerprints of a domain's POSH document, and where they were; or why there are none. */
export type PoshEvidence =
  | { readonly domain: string; readonly url: string; readonly fingerprints: readonly PoshFingerprint[] }
  | { readonly domain: string; readonly failed: string };

/** TLSA records that DNSSEC proves, of the places where a domain's servers are; or why there are none. */
export type TlsaEvidence =
  | { readonly domain: string; readonly endpoints: readonly TlsaEndpoint[] }
  | { readonly domain: string; readonly failed: string };

/** One server of a domain and the records of it. */
export interface TlsaEndpoint {
  /** Target of the SRV record, or the domain itself (RFC 7673 section 3). */
  readonly host: string;
  readonly port: number;
  readonly records: readonly TlsaRecord[];
}

/** Owner of the records of a server (RFC 6698 section 3). */
export const tlsaOwner = ({ host, port }: Pick<TlsaEndpoint, "host" | "port">): string => `_${port}._tcp.${host}`;
