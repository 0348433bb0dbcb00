const rightToLeftScripts =
  "\\p{Script=Hebrew}\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Thaana}\\p{Script=Nko}\\p{Script=Samaritan}" +
  "\\p{Script=Mandaic}\\p{Script=Adlam}\\p{Script=Hanifi_Rohingya}\\p{Script=Mende_Kikakui}\\u{10800}-\\u{10fff}";
const arabicNumber = /[\u0660-\u0669\u{10d30}-\u{10d39}]/u;
const rightToLeft = new RegExp(`(?=\\p{L})[${rightToLeftScripts}]`, "u");
const leftToRight = new RegExp(`(?![${rightToLeftScripts}])[\\p{L}\\p{Mc}]`, "u");
const rightToLeftLabel = new RegExp(`^(?=\\p{L})[${rightToLeftScripts}]`, "u");
const rightToLeftEnd = new RegExp(
  `(?:(?=\\p{L})[${rightToLeftScripts}]|[0-9\\u0660-\\u0669\\u06f0-\\u06f9\\u{10d30}-\\u{10d39}])\\p{Mn}*$`,
  "u",
);

/**
 * The Bidi rule (RFC 5893 section 2), which names with right-to-left characters must keep so that their parts cannot
 * change places on the screen. Bidi_Class has no property escape: it is taken from the script here, which gives the
 * same answer for the letters, marks and digits of identifiers.
 */
export function keepsBidiRule(text: string): boolean {
  if (!rightToLeft.test(text) && !arabicNumber.test(text)) return true;
  return (
    rightToLeftLabel.test(text) &&
    !leftToRight.test(text) &&
    rightToLeftEnd.test(text) &&
    !(arabicNumber.test(text) && /[0-9\u06f0-\u06f9]/.test(text))
  );
}
