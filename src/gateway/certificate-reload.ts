/** Another certificate while the gateway runs, and what is said about it. */
import type { Log, LogFields } from "./log";
import type { Credentials, OwnCertificates } from "./s2s/own-certificates";

/** Partners refuse a domain that no certificate names: said at the start and at each reload. */
export function warnOfMissingNames(certificates: OwnCertificates, domains: readonly string[], log: Log): void {
  const missing = certificates.missing(domains);
  if (missing.length > 0)
    log.warn("certificate-names-missing", {
      domains: missing,
      remedy: "partners refuse these domains: request a certificate with their names",
    });
}

/** Takes the new credentials, or keeps the old ones; logs which of the two, and for which domains. Never throws. */
export function reloadCertificates(
  certificates: OwnCertificates,
  read: () => readonly Credentials[],
  domains: readonly string[],
  log: Log,
): void {
  try {
    certificates.replace(read());
  } catch (error) {
    const { message, code, remedy } = error as Error & { readonly code?: string; readonly remedy?: string };
    log.error("certificate-reload-failed", { code, reason: message, remedy });
    for (const kept of byCertificate(certificates, domains)) log.warn("certificate-kept", kept);
    return;
  }
  for (const served of byCertificate(certificates, domains)) log.info("certificate-reloaded", served);
  warnOfMissingNames(certificates, domains, log);
}

/** One entry for each certificate: the domains that it serves. */
function byCertificate(certificates: OwnCertificates, domains: readonly string[]): LogFields[] {
  const found = new Map<string, { domains: string[]; sha256: string; notAfter: string }>();
  for (const domain of domains) {
    const served = certificates.servedFor(domain);
    if (served === undefined) continue;
    const entry = found.get(served.sha256) ?? { domains: [], ...served };
    entry.domains.push(domain);
    found.set(served.sha256, entry);
  }
  return [...found.values()];
}
