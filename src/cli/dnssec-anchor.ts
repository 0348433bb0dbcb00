import { DnssecAnchorError, readAnchors } from "../dns/resolver/dnssec/read-anchors";
import type { TrustAnchor } from "../dns/resolver/dnssec/trust-chain";
import { UsageError } from "./context";
import { readText } from "./run-options";

/** A file's name has no space in front of a record type. */
const RECORD = /^\S+\s.*\b(DS|DNSKEY)\s/i;

/**
 * What `--dnssec-anchor` gives: the text of a record, or a file of some.
 * @throws UsageError
 */
export function dnssecAnchorsOf(given: string): readonly TrustAnchor[] {
  try {
    return readAnchors(RECORD.test(given) ? given : readText(given, "--dnssec-anchor"));
  } catch (error) {
    if (error instanceof DnssecAnchorError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
}
