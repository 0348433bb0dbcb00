import { createHash, X509Certificate } from "node:crypto";
import type { DocumentPartner } from "../definition/facts/gateway-document";
import { TrustStore, validateChain } from "./chain";

/** Whether a presented chain proves a domain to us, and why not. */
export type IdentityVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Judges peers' certificates: our own chain validation, the partner's own anchors, its pins. */
export class PeerIdentity {
  readonly #trust: TrustStore | undefined;
  readonly #now: () => number;
  /** Anchors by row: a new policy brings new rows. */
  readonly #partnerTrust = new WeakMap<DocumentPartner, TrustStore>();

  /** @param trust anchors for partners without their own; undefined: nobody is trusted by certificate */
  constructor(trust: TrustStore | undefined, now: () => number) {
    this.#trust = trust;
    this.#now = now;
  }

  judge(row: DocumentPartner, domain: string, presented: readonly Buffer[]): IdentityVerdict {
    const trust = this.#trustFor(row);
    if (trust === undefined)
      return {
        ok: false,
        reason: "no trust anchors are configured: give --trust-anchors FILE, or trustAnchors for the partner",
      };
    const verdict = validateChain({ presented, trust, domain, now: new Date(this.#now()) });
    if (!verdict.ok) {
      const tried = verdict.anchorsTried.length === 0 ? "" : `; anchors tried: ${verdict.anchorsTried.join(", ")}`;
      return { ok: false, reason: `${verdict.code}: ${verdict.detail}${tried}; ${verdict.remedy}` };
    }
    if (row.pins !== undefined) {
      const pin = publicKeyPin(presented[0]!);
      if (!row.pins.includes(pin))
        return {
          ok: false,
          reason: `pin: the certificate's public key ${pin} is none of the partner's pins; add it if the partner has a new key`,
        };
    }
    return { ok: true };
  }

  #trustFor(row: DocumentPartner): TrustStore | undefined {
    if (row.trustAnchors === undefined) return this.#trust;
    let trust = this.#partnerTrust.get(row);
    if (trust === undefined) {
      trust = TrustStore.fromPem(row.trustAnchors.join("\n"));
      this.#partnerTrust.set(row, trust);
    }
    return trust;
  }
}

/** SHA-256 of a certificate's public key (SPKI), lower-case hex: what `pins` and TLSA 3 1 1 hold. */
export function publicKeyPin(der: Buffer): string {
  const spki = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("hex");
}
