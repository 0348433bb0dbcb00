import { domainToASCII, domainToUnicode } from "node:url";

/** Letters that IDNA 2003 mapped to others, or dropped, and IDNA 2008 keeps (UTS 46 section 2.3, "deviations"). */
const DEVIATIONS: readonly (readonly [string, string])[] = [
  ["ß", "ss"],
  ["ς", "σ"],
  ["\u200c", ""],
  ["\u200d", ""],
];

/**
 * The A-labels that software from before IDNA 2008 (RFC 5890) makes of a domain; undefined where they are the same.
 * @param domain A-labels
 */
export function formBefore2008(domain: string): string | undefined {
  if (!domain.includes("xn--")) return undefined;
  const readable = domainToUnicode(domain);
  const mapped = DEVIATIONS.reduce((text, [letter, other]) => text.replaceAll(letter, other), readable);
  if (mapped === readable) return undefined;
  const form = domainToASCII(mapped);
  return form === "" || form === domain ? undefined : form;
}
