import type { GatewayDocument } from "../../definition/facts/gateway-document";

/** A document with what is known of where it comes from. */
export interface Offer {
  readonly document: GatewayDocument;
  /** SHA-256 of its text, hexadecimal. */
  readonly digest: string;
  /** Where it was read: a path or an `s3://` URL. */
  readonly source: string;
  /** When the source dates it, ms since the epoch. */
  readonly at?: number;
  /** The source's own name of this version. */
  readonly version?: string;
}

/** Whether a document may take the place of the one that runs. */
export type OfferVerdict =
  | { readonly take: true }
  | { readonly take: false; readonly code: "same" }
  | {
      readonly take: false;
      readonly code: "document-foreign" | "document-older" | "document-not-built";
      readonly reason: string;
      readonly remedy: string;
    };

const refuse = (
  code: "document-foreign" | "document-older" | "document-not-built",
  reason: string,
  remedy: string,
): OfferVerdict => ({ take: false, code, reason, remedy });

/** Judges an offer against what runs (DESIGN, decision 6): not another edge's, not an older one. */
export function judgeOffer(running: Offer, offered: Offer): OfferVerdict {
  const { document: now } = running;
  const { document: next } = offered;
  if (now.name !== next.name)
    return refuse(
      "document-foreign",
      `it is of ${next.name}, and this gateway is ${now.name}`,
      "give this gateway its own document; another name takes a new start",
    );
  if (now.accessEdge.fqdn !== next.accessEdge.fqdn)
    return refuse(
      "document-foreign",
      `its accessEdge.fqdn is ${next.accessEdge.fqdn}, and this gateway's is ${now.accessEdge.fqdn}`,
      "give this gateway its own document; another FQDN takes a new start",
    );
  if (running.at !== undefined && offered.at !== undefined && offered.at < running.at)
    return refuse(
      "document-older",
      `it is of ${isoTime(offered.at)}, and what runs is of ${isoTime(running.at)}`,
      "write the wanted document anew: that dates it",
    );
  if (now.revision !== undefined && next.revision !== undefined && next.revision < now.revision)
    return refuse(
      "document-older",
      `its revision is ${next.revision}, and what runs has ${now.revision}`,
      "raise the revision above the one that runs, also to go back to what was before",
    );
  if (running.digest === offered.digest) return { take: false, code: "same" };
  if (next.internal?.kind === "sip")
    return refuse(
      "document-not-built",
      "internal.kind sip is not built yet",
      "use xmpp or sandbox, or leave internal out",
    );
  return { take: true };
}

const isoTime = (at: number) => new Date(at).toISOString();
