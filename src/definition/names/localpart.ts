import { keepsBidiRule } from "./bidi-rule";
import {
  exceptionallyRefused,
  exceptionallyValid,
  hasCompatibility,
  ignorableOrJamo,
  letterDigit,
  notation,
} from "./code-point";
import { allowedByContext, contextual } from "./context-rule";
import { maxPartBytes, type PreparedPart, preparePart } from "./precis";

// A localpart that is already prepared: printable ASCII without upper case and without "&'/:<>@.
const prepared = /^[!#-%(-.0-9;=?[-~]+$/;

/** Refused in localparts though PRECIS allows them (RFC 7622 section 3.3.1). */
const excluded = /["&'/:<>@]/;

/** Fullwidth ASCII and halfwidth katakana; other wide and narrow forms map to what the class refuses anyway. */
const wideOrNarrow = /[\uff01-\uff9f]/g;

/**
 * Prepares the part of an address before the `@`: profile UsernameCaseMapped (RFC 8265 section 3.3, RFC 7622 section
 * 3.3), in the Unicode version of the running Node.
 */
export function prepareLocalpart(input: string): PreparedPart {
  if (input.length <= maxPartBytes && prepared.test(input)) return { ok: true, part: input };
  return preparePart(input, mapped, fault);
}

function mapped(text: string): string {
  return text
    .replace(wideOrNarrow, (character) => character.normalize("NFKC"))
    .toLowerCase()
    .normalize("NFC");
}

function fault(text: string): string | undefined {
  const found = excluded.exec(text);
  if (found !== null) return `${notation(found[0])} is not allowed in a localpart (RFC 7622 section 3.3.1)`;
  let index = 0;
  for (const character of text) {
    if (contextual.test(character)) {
      if (!allowedByContext(text, index))
        return `${notation(character)} is not allowed where it stands (RFC 5892 appendix A)`;
    } else if (!inIdentifierClass(character)) {
      return `${notation(character)} is not allowed in a localpart (RFC 8264 section 4.2)`;
    }
    index += character.length;
  }
  return keepsBidiRule(text) ? undefined : "it mixes directions of writing (Bidi rule, RFC 5893 section 2)";
}

/** RFC 8264 section 4.2: letters, digits, marks and printable ASCII. */
function inIdentifierClass(character: string): boolean {
  if (/^[!-~]$/.test(character) || exceptionallyValid.test(character)) return true;
  return (
    letterDigit.test(character) &&
    !exceptionallyRefused.test(character) &&
    !ignorableOrJamo.test(character) &&
    !hasCompatibility(character)
  );
}
