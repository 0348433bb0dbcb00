/** Scripts in everyday use (UAX 31 table 5). Characters of all others count as one script of their own. */
const commonScripts =
  "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan".split(
    " ",
  );
/** Sets of scripts that are written together (UTS 39 section 5.1): Japanese, Korean, Chinese with Bopomofo. */
const writtenTogether = [
  ["Han", "Hiragana", "Katakana"],
  ["Han", "Hangul"],
  ["Han", "Bopomofo"],
];
/** Compiled when the first name that is not ASCII needs it: it takes 5 ms and 2 MB, and most gateways never do. */
let compiled: ReadonlyMap<string, RegExp> | undefined;
function ofScript(script: string): RegExp | undefined {
  compiled ??= new Map(commonScripts.map((name) => [name, new RegExp(`^\\p{Script_Extensions=${name}}$`, "u")]));
  return compiled.get(script);
}
const ofNoScript = /^[\p{Script=Common}\p{Script=Inherited}]$/u;
const other = "other";

/**
 * Whether a label mixes scripts, as imitations of a name do: no script (or set of scripts written together) has all
 * its characters (UTS 39 section 5.1). Digits, hyphens and other characters of no script in particular do not count.
 */
export function isMixedScript(uLabel: string): boolean {
  const candidates = new Set([...commonScripts, other, ...writtenTogether.map(String)]);
  for (const character of uLabel) {
    const scripts = scriptsOf(character);
    if (scripts === undefined) continue;
    for (const candidate of candidates) {
      if (!candidate.split(",").some((script) => scripts.includes(script))) candidates.delete(candidate);
    }
  }
  return candidates.size === 0;
}

/** Whether a label has a character of a script that is not in everyday use. */
export function isUncommonScript(uLabel: string): boolean {
  return [...uLabel].some((character) => scriptsOf(character)?.includes(other) === true);
}

/** The scripts that use a character; undefined if all do. */
function scriptsOf(character: string): string[] | undefined {
  const scripts = commonScripts.filter((script) => ofScript(script)?.test(character));
  if (scripts.length > 0) return scripts;
  return ofNoScript.test(character) ? undefined : [other];
}
