import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** Where Debian and most others keep the CAs that the system trusts. */
const SYSTEM_ANCHORS = "/etc/ssl/certs/ca-certificates.crt";

/** The CAs that the system trusts, in PEM; where it keeps none, Node's own list. */
export function systemAnchorsPem(): string {
  return existsSync(SYSTEM_ANCHORS) ? readFileSync(SYSTEM_ANCHORS, "utf8") : rootCertificates.join("\n");
}
