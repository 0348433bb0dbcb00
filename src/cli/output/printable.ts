/** Control and format characters: they could move the cursor, or show one name and mean another. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text of unknown origin as one harmless line: invisible characters as `\u{…}`, cut where it is long. */
export function printable(text: string, longest = 400): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

const LONGEST_VALUE = 60;

/** A value in a few words, for a line of text. */
export function shortValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(printable(value, LONGEST_VALUE)).replaceAll("\\\\u{", "\\u{");
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
      return value === null ? "null" : "an object";
    default:
      return String(value);
  }
}
