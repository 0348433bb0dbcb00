import type { Definition } from "../schema";
import { certificateNames } from "./certificate-names";

/**
 * What a host needs to obtain and renew its certificate by itself. As the whole document it names no file and no
 * program: a TSIG key is the host's own, and a hook cannot be had this way.
 */
export interface DocumentCertificate {
  readonly source: "acme" | "acm";
  /** The ACME server's directory, https. Absent: Let's Encrypt. */
  readonly directory?: string;
  /** How ACME's CA has names proved. Absent: dns-01. */
  readonly challenge?: "http-01" | "tls-alpn-01";
  /** Every name, the subject's own first. */
  readonly names: readonly string[];
  readonly key: Definition["certificate"]["key"];
  readonly friendlyName?: string;
  /** Where ACME's records are published; absent where the definition says none that a host could reach. */
  readonly dns?: { readonly kind: "route53" } | { readonly kind: "rfc2136"; readonly server: string };
}

/** The certificate of a definition, where a host can come by it alone: from ACME or out of ACM. */
export function documentCertificate(definition: Definition): DocumentCertificate | undefined {
  const { source, key, friendlyName } = definition.certificate;
  if (source.kind !== "acme" && source.kind !== "acm") return undefined;
  const challenge = source.kind === "acme" && source.challenge !== "dns-01" ? source.challenge : undefined;
  const dns = source.kind === "acme" && challenge === undefined ? reachable(definition.dns) : undefined;
  return {
    source: source.kind,
    ...(source.kind === "acme" && source.directory !== undefined ? { directory: source.directory } : {}),
    ...(challenge === undefined ? {} : { challenge }),
    names: certificateNames(definition).names.map(({ name }) => name),
    key,
    ...(friendlyName === undefined ? {} : { friendlyName }),
    ...(dns === undefined ? {} : { dns }),
  };
}

function reachable(dns: Definition["dns"]): DocumentCertificate["dns"] {
  switch (dns.kind) {
    case "route53":
      return { kind: "route53" };
    case "rfc2136":
      return { kind: "rfc2136", server: dns.server };
    case "zone-file":
      return undefined;
  }
}
