import { domainToASCII, domainToUnicode } from "node:url";
import { exceptionallyRefused, exceptionallyValid, ignorableOrJamo, letterDigit, notation } from "./code-point";
import { allowedByContext, contextual } from "./context-rule";
import { isMixedScript, isUncommonScript } from "./script";

export { isMixedScript } from "./script";

/** A domain name in the one form in which names are compared: A-labels in lower case, no dot at the end. */
export type PreparedDomain =
  | { readonly ok: true; readonly domain: string }
  | { readonly ok: false; readonly reason: string };

/** Octets of a whole name (RFC 1035 section 2.3.4, less the root's length octet and the dot for it). */
const maxDomain = 253;
const maxLabel = 63;
/** UTF-16 units of input that are looked at: mapping can shorten a name, but no name in use comes near this. */
const maxInput = 4 * maxDomain;

// A name that is already prepared: no upper case, nothing to map, no A-label to verify, the last label no number.
const label = "(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const lastLabel = `(?![0-9]+$|0x[0-9a-f]*$)${label}`;
const prepared = new RegExp(`^(?:${label}\\.)*${lastLabel}$`);

/**
 * Prepares a domain name for comparison, sending and look-up: IDNA (UTS 46, non-transitional), then the checks of
 * IDNA2008 and of host names that Node's conversion leaves out. Address literals and numbers that would be read as
 * addresses are refused: a partner is a name.
 */
export function prepareDomain(input: string): PreparedDomain {
  if (input.length <= maxDomain && prepared.test(input)) return { ok: true, domain: input };
  if (input.length > maxInput) return refused(`it is longer than ${maxDomain} characters`);
  const name = withoutFinalDot(input);
  if (name === "") return refused("it is empty");
  // Node parses its argument as the host of a URL: it would cut at /, ? and #, decode %41, and drop tabs.
  const foreign = /[^A-Za-z0-9._\-\u0080-\u{10ffff}]/u.exec(name);
  if (foreign !== null) return refused(`${notation(foreign[0])} cannot be part of a domain name`);
  if (name.includes("_")) return refused("a host name has no underscore");
  const plain = name.toLowerCase();
  const ascii = /^[a-z0-9.-]*$/.test(plain) && !plain.includes("xn--") ? plain : domainToASCII(name);
  if (ascii === "") return refused("IDNA (UTS 46) does not allow it");
  return checkedLabels(ascii);
}

function withoutFinalDot(name: string): string {
  // All four are label separators of IDNA (RFC 3490 section 3.1).
  return /[.\u3002\uff0e\uff61]$/.test(name) ? name.slice(0, -1) : name;
}

function checkedLabels(ascii: string): PreparedDomain {
  if (ascii.length > maxDomain) return refused(`it is longer than ${maxDomain} characters`);
  const labels = ascii.split(".");
  for (const text of labels) {
    const fault = labelFault(text);
    if (fault !== undefined) return refused(fault);
  }
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels[labels.length - 1] as string)) {
    return refused("its last label is a number, so that it would be taken for an address");
  }
  return { ok: true, domain: ascii };
}

function labelFault(text: string): string | undefined {
  if (text === "") return "a label is empty";
  if (text.length > maxLabel) return `a label is longer than ${maxLabel} characters`;
  if (!/^[a-z0-9-]+$/.test(text)) return "a label has a character other than letters, digits and hyphen";
  if (text.startsWith("-") || text.endsWith("-")) return "a label begins or ends with a hyphen";
  return text.startsWith("xn--") ? aLabelFault(text) : undefined;
}

function aLabelFault(aLabel: string): string | undefined {
  const uLabel = domainToUnicode(aLabel);
  if (uLabel === aLabel || domainToASCII(uLabel) !== aLabel)
    return "a label that begins with xn-- encodes no valid name";
  for (const character of uLabel) {
    const fault = uLabelFault(character);
    if (fault !== undefined) return fault;
  }
  for (let index = 0; index < uLabel.length; index++) {
    const unit = uLabel[index] as string;
    if (contextual.test(unit) && !allowedByContext(uLabel, index)) {
      return `${notation(unit)} is not allowed where it stands (RFC 5892 appendix A)`;
    }
  }
  return undefined;
}

/**
 * IDNA2008 is narrower than UTS 46: letters, digits and marks only (RFC 5892 section 3). What changes under case folding
 * or NFKC, which it refuses too, UTS 46 has mapped or refused already.
 */
function uLabelFault(character: string): string | undefined {
  if (contextual.test(character) || exceptionallyValid.test(character) || /^[a-z0-9-]$/.test(character))
    return undefined;
  const valid =
    letterDigit.test(character) && !exceptionallyRefused.test(character) && !ignorableOrJamo.test(character);
  return valid ? undefined : `${notation(character)} is not allowed in domain names (RFC 5892)`;
}

function refused(reason: string): PreparedDomain {
  return { ok: false, reason };
}

/**
 * A prepared domain as people read it, for reports only: with U-labels if every label is of one script in common use
 * and converts back to what it was; else the A-labels, in which an imitation cannot hide. A label wholly in letters
 * that resemble another script's is still shown: this is no proof against every imitation.
 */
export function displayDomain(aLabels: string): string {
  if (!aLabels.includes("xn--")) return aLabels;
  const uLabels = domainToUnicode(aLabels);
  const readable =
    domainToASCII(uLabels) === aLabels &&
    uLabels.split(".").every((uLabel) => !isMixedScript(uLabel) && !isUncommonScript(uLabel));
  return readable ? uLabels : aLabels;
}
