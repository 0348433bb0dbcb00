import { X509Certificate } from "node:crypto";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** Trust anchors can be read; one that is no CA vouches for nobody but itself. */
export function trustAnchorFindings({ partners, internal }: Definition): Finding[] {
  const verdicts = new Map<string, "ca" | "leaf" | "unreadable">(); // the same anchors stand with many partners
  const verdictOf = (pem: string) => {
    const known = verdicts.get(pem) ?? judge(pem);
    verdicts.set(pem, known);
    return known;
  };
  const inside = internal?.kind === "xmpp" ? internal.trustAnchors : undefined;
  const lists: readonly { readonly path: (string | number)[]; readonly anchors: readonly string[] | undefined }[] = [
    ...partners.map(({ trustAnchors }, index) => ({ path: ["partners", index], anchors: trustAnchors })),
    { path: ["internal"], anchors: inside },
  ];
  return lists.flatMap(({ path: owner, anchors = [] }) =>
    anchors.flatMap((pem, at): Finding[] => {
      const path = [...owner, "trustAnchors", at];
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
