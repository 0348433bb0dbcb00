const scripts =
  "\\p{Script=Hebrew}\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Thaana}\\p{Script=Nko}\\p{Script=Samaritan}" +
  "\\p{Script=Mandaic}\\p{Script=Adlam}\\p{Script=Mende_Kikakui}\\u{10800}-\\u{10fff}";
const arabicDigit = "\\u0660-\\u0669\\u{10d30}-\\u{10d39}";
const europeanDigit = "0-9\\u06f0-\\u06f9";
/** Classes R and AL: letters and digits of these scripts, and the two marks of Hebrew that identifiers may have. */
const strong = `(?![${arabicDigit}${europeanDigit}])(?=[\\p{L}\\p{Nd}\\u05f3\\u05f4])[${scripts}]`;

const rightToLeft = new RegExp(`${strong}|[${arabicDigit}]`, "u");
const startsRightToLeft = new RegExp(`^${strong}`, "u");
const endsAllowed = new RegExp(`(?:${strong}|[${arabicDigit}${europeanDigit}])\\p{Mn}*$`, "u");
const leftToRight = new RegExp(`(?![${scripts}])[\\p{L}\\p{Mc}]`, "u");
const bothDigits = new RegExp(`[${arabicDigit}].*[${europeanDigit}]|[${europeanDigit}].*[${arabicDigit}]`, "u");

/**
 * The Bidi rule (RFC 5893 section 2), which text with right-to-left characters must keep so that its parts cannot
 * change places on the screen. Bidi_Class has no property escape: it is taken from script and category here, which is
 * enough for the characters that identifiers may have.
 */
export function keepsBidiRule(text: string): boolean {
  if (!rightToLeft.test(text)) return true;
  return startsRightToLeft.test(text) && endsAllowed.test(text) && !leftToRight.test(text) && !bothDigits.test(text);
}
