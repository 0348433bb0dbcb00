import { createHash, X509Certificate } from "node:crypto";
import type { DocumentPartner } from "../definition/facts/gateway-document";
import type { Certificate } from "./certificate";
import { TrustStore, validateChain } from "./chain";
import { judgeByTlsa } from "./dane";
import type { PeerEvidence } from "./peer-evidence";
import { judgeByPosh } from "./posh";
import { findRevocationFault, type RevocationLists } from "./revocation/judge-path";

/** Whether a presented chain proves a domain to us, and why not. */
export type IdentityVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: string;
      /** What the row asks for was not looked up: only a new stream can tell. */
      readonly unknown?: true;
    };

export interface PeerIdentityOptions {
  /** Revocation lists at hand. Default: none. */
  readonly lists?: RevocationLists;
  /** Told what a partner's row lets pass, and an operator should know. */
  readonly warn?: (domain: string, text: string) => void;
}

const NO_LISTS: RevocationLists = { of: () => [] };

/**
 * Judges peers' certificates by what their row says proves them ("prooftype", RFC 7712): a path to our
 * anchors or the partner's own, its TLSA records, or its POSH document; and then its pins, and revocation.
 */
export class PeerIdentity {
  readonly #trust: TrustStore | undefined;
  readonly #now: () => number;
  readonly #lists: RevocationLists;
  readonly #warn: (domain: string, text: string) => void;
  /** Anchors by row: a new policy brings new rows. */
  readonly #partnerTrust = new WeakMap<DocumentPartner, TrustStore>();

  /** @param trust anchors for partners without their own; undefined: nobody is trusted by certificate */
  constructor(trust: TrustStore | undefined, now: () => number, options: PeerIdentityOptions = {}) {
    this.#trust = trust;
    this.#now = now;
    this.#lists = options.lists ?? NO_LISTS;
    this.#warn = options.warn ?? (() => undefined);
  }

  /** @param evidence what else is known of the peer. Default: nothing */
  judge(
    row: DocumentPartner,
    domain: string,
    presented: readonly Buffer[],
    evidence: PeerEvidence = {},
  ): IdentityVerdict {
    const proved = this.#judgeProof(row, domain, presented, evidence);
    if (!proved.ok) return proved;
    return this.#judgePins(row, presented) ?? this.#judgeRevocation(row, domain, proved.path, evidence) ?? { ok: true };
  }

  /** The anchors that count for a row; undefined where there are none. */
  trustFor(row: DocumentPartner): TrustStore | undefined {
    if (row.trustAnchors === undefined) return this.#trust;
    let trust = this.#partnerTrust.get(row);
    if (trust === undefined) {
      trust = TrustStore.fromPem(row.trustAnchors.join("\n"));
      this.#partnerTrust.set(row, trust);
    }
    return trust;
  }

  #judgeProof(
    row: DocumentPartner,
    domain: string,
    presented: readonly Buffer[],
    evidence: PeerEvidence,
  ): { readonly ok: true; readonly path?: readonly Certificate[] } | Extract<IdentityVerdict, { ok: false }> {
    switch (row.proofType) {
      case "dane": {
        const trust = this.trustFor(row);
        return judgeByTlsa({ presented, domain, evidence: evidence.tlsa, trust, now: new Date(this.#now()) });
      }
      case "posh":
        return judgeByPosh({ presented, domain, evidence: evidence.posh });
      default:
        return this.#judgeChain(row, domain, presented);
    }
  }

  #judgeChain(
    row: DocumentPartner,
    domain: string,
    presented: readonly Buffer[],
  ): { readonly ok: true; readonly path: readonly Certificate[] } | { readonly ok: false; readonly reason: string } {
    const trust = this.trustFor(row);
    if (trust === undefined)
      return {
        ok: false,
        reason: "no trust anchors are configured: give --trust-anchors FILE, or trustAnchors for the partner",
      };
    const verdict = validateChain({ presented, trust, domain, now: new Date(this.#now()) });
    if (verdict.ok) return verdict;
    const tried = verdict.anchorsTried.length === 0 ? "" : `; anchors tried: ${verdict.anchorsTried.join(", ")}`;
    return { ok: false, reason: `${verdict.code}: ${verdict.detail}${tried}; ${verdict.remedy}` };
  }

  #judgePins(row: DocumentPartner, presented: readonly Buffer[]): IdentityVerdict | undefined {
    if (row.pins === undefined) return undefined;
    const pin = publicKeyPin(presented[0]!);
    if (row.pins.includes(pin)) return undefined;
    return {
      ok: false,
      reason: `pin: the certificate's public key ${pin} is none of the partner's pins; add it if the partner has a new key`,
    };
  }

  #judgeRevocation(
    row: DocumentPartner,
    domain: string,
    path: readonly Certificate[] | undefined,
    { stapled, askedToStaple = false }: PeerEvidence,
  ): IdentityVerdict | undefined {
    // Whoever vouches for the certificate itself takes that back by the record (RFC 7671 section 5.1) or the document.
    if (row.revocation === undefined || path === undefined) return undefined;
    const now = new Date(this.#now());
    const fault = findRevocationFault({
      path,
      lists: this.#lists,
      askedToStaple,
      ...(stapled && { stapled }),
      now,
    });
    if (fault === undefined) return undefined;
    const reason = `${fault.code}: ${fault.detail}; ${fault.remedy}`;
    if (fault.code !== "revocation-unknown" || row.revocation === "hard") return { ok: false, reason };
    this.#warn(domain, `${fault.code}: ${fault.detail}`);
    return undefined;
  }
}

/** SHA-256 of a certificate's public key (SPKI), lower-case hex: what `pins` and TLSA 3 1 1 hold. */
export function publicKeyPin(der: Buffer): string {
  const spki = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("hex");
}
