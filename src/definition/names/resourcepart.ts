import {
  exceptionallyRefused,
  exceptionallyValid,
  ignorableOrJamo,
  letterDigit,
  notation,
  otherGraphic,
} from "./code-point";
import { allowedByContext, contextual } from "./context-rule";
import { maxPartBytes, type PreparedPart, preparePart } from "./precis";

const prepared = /^[ -~]+$/;

/**
 * Prepares the part of an address behind the `/`: profile OpaqueString (RFC 8265 section 4.2, RFC 7622 section 3.4).
 * Case is kept. Emoji pass, but not their variation selectors and joiners, which the profile refuses.
 */
export function prepareResourcepart(input: string): PreparedPart {
  if (input.length <= maxPartBytes && prepared.test(input)) return { ok: true, part: input };
  return preparePart(input, (text) => text.replace(/\p{Zs}/gu, " ").normalize("NFC"), fault);
}

function fault(text: string): string | undefined {
  let index = 0;
  for (const character of text) {
    if (contextual.test(character)) {
      if (!allowedByContext(text, index))
        return `${notation(character)} is not allowed where it stands (RFC 5892 appendix A)`;
    } else if (!inFreeformClass(character)) {
      return `${notation(character)} is not allowed in a resource (RFC 8264 section 4.3)`;
    }
    index += character.length;
  }
  return undefined;
}

/** RFC 8264 section 4.3: everything visible, and the space. */
function inFreeformClass(character: string): boolean {
  if (character === " " || exceptionallyValid.test(character)) return true;
  return (
    (letterDigit.test(character) || otherGraphic.test(character)) &&
    !exceptionallyRefused.test(character) &&
    !ignorableOrJamo.test(character)
  );
}
