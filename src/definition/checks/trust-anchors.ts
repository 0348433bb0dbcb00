import { X509Certificate } from "node:crypto";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** A partner's trust anchors can be read; one that is no CA vouches for nobody but itself. */
export function trustAnchorFindings({ partners }: Definition): Finding[] {
  const verdicts = new Map<string, "ca" | "leaf" | "unreadable">(); // the same anchors stand with many partners
  const verdictOf = (pem: string) => {
    const known = verdicts.get(pem) ?? judge(pem);
    verdicts.set(pem, known);
    return known;
  };
  return partners.flatMap((partner, index) =>
    (partner.trustAnchors ?? []).flatMap((pem, at): Finding[] => {
      const path = ["partners", index, "trustAnchors", at];
      const verdict = verdictOf(pem);
      if (verdict === "unreadable")
        return [
          {
            severity: "error",
            id: "trust-anchor-unreadable",
            path,
            rule: "is no certificate that can be read (X.509 in PEM)",
            remedy: "copy the whole of it, from BEGIN CERTIFICATE to END CERTIFICATE",
          },
        ];
      if (verdict === "leaf")
        return [
          {
            severity: "warning",
            id: "trust-anchor-no-ca",
            path,
            rule: "is not a CA's certificate (RFC 5280 section 4.2.1.9): it vouches for no other",
            remedy: "give the issuing CA's certificate, or pin the partner's key with pins",
          },
        ];
      return [];
    }),
  );
}

function judge(pem: string): "ca" | "leaf" | "unreadable" {
  try {
    return new X509Certificate(pem).ca ? "ca" : "leaf";
  } catch {
    return "unreadable"; // becomes a finding; OpenSSL's own words help nobody
  }
}
