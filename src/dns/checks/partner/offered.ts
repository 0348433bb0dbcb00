import type { DocumentPartner } from "../../../definition/facts";
import { type Method, type NegotiationSettings, negotiationTable } from "../../../definition/negotiation";
import type { PartnerEvidence } from "../../evidence";
import type { ProbeResult } from "../../probe";

/** By which ways a partner's server lets us prove who we are, as far as it showed. */
export interface Offered {
  readonly starttls: "required" | "optional" | "absent";
  /** Dialback without TLS: it says that it can do dialback at all. */
  readonly plainDialback: boolean;
  /** `unseen`: it is offered only to whom shows a certificate, and we showed none. */
  readonly external: "offered" | "unseen" | "absent";
  readonly tlsDialback: boolean;
  /** Why the gateway would not take the server's certificate: SASL EXTERNAL then proves nothing. */
  readonly refused?: string;
}

/** Undefined where its server did not come so far as to offer anything. */
export function offered({ probes, identity, row, certified }: PartnerEvidence): Offered | undefined {
  const probe = probes.at(-1);
  if (probe === undefined || probe.reached === "none") return undefined;
  const plainDialback = probe.features?.dialback !== undefined || probe.header?.dialback === true;
  const plain = { plainDialback, external: "unseen", tlsDialback: false } as const;
  const { problem } = probe;
  if (problem?.code === "no-starttls" || problem?.code === "no-version") return { starttls: "absent", ...plain };
  const starttls = probe.features?.starttls;
  if (starttls === undefined || probe.tls === undefined || !showsOffer(probe, row)) return undefined;
  return {
    ...plain,
    starttls,
    external:
      probe.secureFeatures?.mechanisms?.includes("EXTERNAL") === true
        ? "offered"
        : certified === true
          ? "absent"
          : "unseen",
    tlsDialback: probe.secureDialback === true,
    ...(identity?.ok === false && { refused: identity.reason }),
  };
}

/**
 * Servers that let nobody in without a certificate end the stream inside TLS. Where the row has SASL EXTERNAL, for
 * which we would show ours, that is no fault; where it has not, one that does not say so may have another reason.
 */
function showsOffer({ secureFeatures, problem }: ProbeResult, { methods }: DocumentPartner): boolean {
  if (secureFeatures !== undefined || problem?.condition === "not-authorized") return true;
  if (!methods.includes("sasl-over-tls")) return false;
  return problem?.code === "closed" || problem?.condition === "policy-violation";
}

/** The method by which we would come in, as far as it can be told; undefined where no row like this could. */
export function commonMethod(row: Pick<DocumentPartner, "tls" | "methods">, offer: Offered): Method | undefined {
  if (offer.starttls === "absent" || row.tls === "NotSupported")
    return offer.starttls !== "required" && offer.plainDialback
      ? row.methods.find((method) => method === "tcp-dialback")
      : undefined;
  // Once STARTTLS is offered and TLS allowed, nothing goes on in plain.
  const external = offer.external !== "absent" && offer.refused === undefined;
  if (external && row.methods.includes("sasl-over-tls")) return "sasl-over-tls";
  return offer.tlsDialback ? row.methods.find((method) => method === "tls-dialback") : undefined;
}

/** Settings of a row by which we would come in: the fewest changes, then the strongest; undefined where none would. */
export function rowThatWorks(row: NegotiationSettings, offer: Offered): NegotiationSettings | undefined {
  const changes = (other: NegotiationSettings) =>
    Number(other.tls !== row.tls) + Number(other.sasl !== row.sasl) + Number(other.dialback !== row.dialback);
  const working = negotiationTable().filter(
    (other) => other.valid && !other.controlPanelRefuses && commonMethod(other, offer) !== undefined,
  );
  const strength = ({ tls, sasl }: NegotiationSettings) => ORDER.indexOf(tls) * 3 + ORDER.indexOf(sasl);
  return working.toSorted((a, b) => changes(a) - changes(b) || strength(a) - strength(b))[0];
}

const ORDER: readonly NegotiationSettings["tls"][] = ["Required", "Optional", "NotSupported"];
