/**
 * The classes of characters that PRECIS (RFC 8264 section 9) and IDNA2008 (RFC 5892 section 2) share, in the Unicode
 * version of the running Node. Each expression is for one character at a time.
 */

/** LetterDigits, RFC 8264 section 9.1. */
export const letterDigit = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;

/** OtherLetterDigits, Symbols, Punctuation: what free-form text has beyond identifiers (sections 9.15 to 9.18). */
export const otherGraphic = /^[\p{Lt}\p{Nl}\p{No}\p{Me}\p{S}\p{P}]$/u;

/** PrecisIgnorableProperties and the conjoining jamo of OldHangulJamo, sections 9.13 and 9.9. */
export const ignorableOrJamo =
  /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]$/u;

/** Letters and marks of Exceptions (section 9.6) that are valid although the classes say otherwise. */
export const exceptionallyValid = /^[\u00df\u03c2\u06fd\u06fe\u0f0b\u3007]$/;

/** Letters and marks of Exceptions that are refused although the classes would let them pass. */
export const exceptionallyRefused = /^[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]$/;

/** HasCompat, section 9.17: the character is only another look of others. */
export function hasCompatibility(character: string): boolean {
  return character.normalize("NFKC") !== character;
}

/** A character as it may stand in messages and logs. */
export function notation(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
}
