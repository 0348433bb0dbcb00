import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { TrustAnchorError, TrustStore } from "../certificate/trust-store";
import { UsageError } from "./context";
import { readText } from "./run-options";

/** Where Debian and most others keep the CAs that the system trusts. */
const SYSTEM_ANCHORS = "/etc/ssl/certs/ca-certificates.crt";

/** The CAs that the system trusts, in PEM; where it keeps none, Node's own list. */
export function systemAnchorsPem(): string {
  return existsSync(SYSTEM_ANCHORS) ? readFileSync(SYSTEM_ANCHORS, "utf8") : rootCertificates.join("\n");
}

/** The CAs of `--trust-anchors`; without it those that the system trusts. */
export function trustAnchorsOf(file: string | undefined): TrustStore {
  try {
    if (file !== undefined) return TrustStore.fromPem(readText(file, "--trust-anchors"));
    return TrustStore.fromPem(systemAnchorsPem());
  } catch (error) {
    if (error instanceof TrustAnchorError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
}
