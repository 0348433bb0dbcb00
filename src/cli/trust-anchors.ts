import { systemAnchorsPem } from "../certificate/system-anchors";
import { TrustAnchorError, TrustStore } from "../certificate/trust-store";
import { UsageError } from "./context";
import { readText } from "./run-options";

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
