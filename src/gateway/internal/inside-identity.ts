import { type IdentityVerdict, PeerIdentity, publicKeyPin } from "../../certificate/peer-identity";
import type { DocumentPartner } from "../../definition/facts/gateway-document";

/**
 * Judges our own server's certificate: as a partner's, but where its key is pinned and no anchors are named, the key is
 * enough. Such servers often have a certificate that they signed themselves.
 */
export class InsideIdentity extends PeerIdentity {
  override judge(row: DocumentPartner, domain: string, presented: readonly Buffer[]): IdentityVerdict {
    if (row.pins === undefined || row.trustAnchors !== undefined) return super.judge(row, domain, presented);
    const [leaf] = presented;
    if (leaf === undefined) return { ok: false, reason: "our own server presented no certificate" };
    const pin = pinOf(leaf);
    if (pin !== undefined && row.pins.includes(pin)) return { ok: true };
    return {
      ok: false,
      reason: `pin: the key ${pin ?? "of a certificate that cannot be read"} is none of internal.pins; add it if your server has a new key`,
    };
  }
}

function pinOf(der: Buffer): string | undefined {
  try {
    return publicKeyPin(der);
  } catch {
    return undefined; // no key that Node knows: as good as a wrong one
  }
}
