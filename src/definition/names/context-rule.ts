import { domainToASCII } from "node:url";

/** The characters of CONTEXTJ and CONTEXTO: RFC 5892 appendix A.1 to A.9. */
export const contextual = /[\u00b7\u0375\u05f3\u05f4\u0660-\u0669\u06f0-\u06f9\u200c-\u200d\u30fb]/;

/** Whether the contextual character at `index` of `text`, in UTF-16 units, stands where RFC 5892 appendix A allows it. */
export function allowedByContext(text: string, index: number): boolean {
  const before = characterBefore(text, index);
  const after = characterAt(text, index + 1);
  switch (text[index]) {
    case "\u00b7":
      return before === "l" && after === "l";
    case "\u0375":
      return /^\p{Script=Greek}$/u.test(after);
    case "\u05f3":
    case "\u05f4":
      return /^\p{Script=Hebrew}$/u.test(before);
    case "\u30fb":
      return /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text);
    case "\u200c":
    case "\u200d":
      return isVirama(before) || joinsLetters(text, index);
    default:
      return !(/[\u0660-\u0669]/.test(text) && /[\u06f0-\u06f9]/.test(text));
  }
}

function characterBefore(text: string, index: number): string {
  const low = text.charCodeAt(index - 1);
  return text.slice(low >= 0xdc00 && low <= 0xdfff ? index - 2 : index - 1, index);
}

function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index);
  return codePoint === undefined ? "" : String.fromCodePoint(codePoint);
}

/**
 * Whether the combining class is 9. No property escape tells, but canonical ordering does: such a character stays
 * behind U+3099 (class 8) and moves before U+05B0 (class 10).
 */
export function isVirama(character: string): boolean {
  return (
    character !== "" &&
    `\u05b0${character}`.normalize("NFD").endsWith("\u05b0") &&
    `${character}\u3099`.normalize("NFD").startsWith("\u3099")
  );
}

/**
 * The rest of the rule for joiners needs Joining_Type, which Node knows only within UTS 46: ask it about the two letters
 * that the joiner stands between, with their marks.
 */
function joinsLetters(text: string, index: number): boolean {
  const before = /\p{L}\p{M}{0,8}$/u.exec(text.slice(Math.max(0, index - 20), index));
  const after = /^\p{M}{0,8}\p{L}/u.exec(text.slice(index + 1, index + 20));
  return before !== null && after !== null && domainToASCII(before[0] + text[index] + after[0]) !== "";
}
