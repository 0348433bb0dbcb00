/** Control and format characters: they could move a cursor, or show one name and mean another. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const LONGEST = 2000;

/** Text that came from the network as one harmless line. */
export function oneLine(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return cut.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** A remedy's lines: several records may mend one fault. */
export const remedyLines = (remedy: string): string[] => remedy.split("\n").map(oneLine);
