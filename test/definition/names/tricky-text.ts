import fc from "fast-check";

/** Characters that rules for names treat specially, beside any others: joiners, wide forms, case without a pair … */
const special = [
  ..."aZ09-._@/ ",
  ..."äÄßẞſﬁǅİıΣσςΩ",
  ..."ａＡ１．＠／ｶﾞ\u3000\u3002\uff61",
  ..."\u0300\u0308\u0323\u0345\u05b0\u094d\u3099",
  ..."\u00ad\u200b\u200c\u200d\u2060\ufe0f\ufeff",
  ..."\u00b7\u0375\u05f3\u30fb\u0660\u06f0\u0640",
  ..."אבعبيक्षあア漢字가\u1100\u1161\u212a\u2126\u212b",
  ..."☃❤😀\u{1d400}\u{e0001}\u{10ffff}",
  "\ud800",
  "xn--",
  "l·l",
  "\0",
  "\t",
  "\x7f",
];

/** Short text in which such characters meet. */
export const trickyText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...special) }, fc.string({ unit: "binary", maxLength: 2 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));
