import type { Signature } from "../../resolver/dnssec/signature";
import { signatureTimes } from "../../resolver/dnssec/signature-times";
import { nameText } from "../../resolver/dnssec/wire-name";
import { TYPE } from "../../resolver/dnssec/wire-record";
import type { Bogus, BogusFault } from "../../resolver/dnssec/zone-trust";

const IDS: Partial<Record<BogusFault, string>> = {
  expired: "dnssec-expired",
  "not-yet-valid": "dnssec-not-yet-valid",
  "ds-mismatch": "dnssec-ds-mismatch",
  "no-keys": "dnssec-ds-mismatch",
};

/** The check that the fault is of. */
export const idOf = ({ fault }: Bogus): string => IDS[fault] ?? "dnssec-bogus";

const NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, number]) => [number, name]));
export const typeText = (type: number): string => NAMES.get(type) ?? `TYPE${type}`;

/** As it is written in tables of time: `2026-11-23 04:10 UTC`. */
export const timeText = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/**
 * The fault in words.
 * @param now seconds since 1970
 */
export function faultText(bogus: Bogus, now: number): string {
  const { fault, records, signature, detail, zone } = bogus;
  const what = `${typeText(records.type)} at ${nameText(records.name)}`;
  const signed = `the signature over ${what}`;
  const key = signature === undefined ? "" : ` by key ${signature.tag}`;
  switch (fault) {
    case "expired":
      return `${signed}${key} ended at ${endText(signature, now, "expires")}`;
    case "not-yet-valid":
      return `${signed}${key} begins at ${endText(signature, now, "inception")}`;
    case "missing-signature":
      return `there is no signature over ${what}`;
    case "foreign-signer":
      return `${signed} is by ${signature === undefined ? "another zone" : nameText(signature.signer)}, not by ${nameText(zone)}`;
    case "no-such-key":
      return `${signed} is${key}, which is none of the zone's`;
    case "unusable-key":
      return `${signed} is${key}, which cannot be used`;
    case "wrong-signature":
      return `${signed}${key} does not fit what it is over`;
    case "too-many-signatures":
      return `there are more signatures over ${what} than anyone tries`;
    case "unproved-denial":
      return `nothing proves ${detail}`;
    case "forged-alias":
      return `the ${detail} do not agree`;
    case "ds-mismatch":
      return `none of the zone's keys is the one that its parent vouches for (${detail})`;
    case "no-keys":
      return detail;
  }
}

function endText(signature: Signature | undefined, now: number, which: "expires" | "inception"): string {
  const times = signature === undefined ? undefined : signatureTimes([signature], now);
  return times === undefined ? "another time" : timeText(times[which]);
}
