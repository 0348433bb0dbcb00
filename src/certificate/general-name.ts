/** GeneralName (RFC 5280 section 4.2.1.6): what a subjectAltName holds and a name constraint speaks of. */
import { contextConstructed, contextPrimitive, DerError, DerReader, type DerValue, readOid, TAG } from "./der";

/**
 * One name. `dns` and two types of `other` give identity here. The rest is kept with its type, because a constraint on a form
 * that is present must be applied or refused (RFC 5280 section 4.2.1.10).
 */
export type GeneralName =
  | { readonly form: "dns"; readonly name: string }
  | { readonly form: "directory"; readonly name: Buffer }
  | { readonly form: "other"; readonly type: string; readonly value: Buffer }
  | { readonly form: "email" | "x400" | "edi" | "uri" | "address" | "registered"; readonly value: Buffer };

// Letters, digits and punctuation without white space: NUL and bytes above 126 are how two readers of one
// certificate come to see two names, and A-labels need neither.
const PLAIN = /^[\x21-\x7e]*$/;

/**
 * The text of an IA5String that stands for a DNS name, in lower case.
 * @throws DerError on any character that no DNS name in ASCII has
 */
function readDnsName(content: Buffer): string {
  const text = content.toString("latin1");
  if (!PLAIN.test(text))
    throw new DerError("der-value", "a DNS name in plain ASCII", JSON.stringify(text.slice(0, 80)));
  return text.toLowerCase();
}

/** @param value one GeneralName; a tag of another type (a UTF8String, say) is an error, never a name */
export function readGeneralName(value: DerValue): GeneralName {
  switch (value.tag) {
    case contextPrimitive(2):
      return { form: "dns", name: readDnsName(value.content) };
    case contextConstructed(0): {
      const reader = new DerReader(value.content, "an otherName");
      const type = readOid(reader.value(TAG.oid, "the otherName's type"), "the otherName's type");
      const held = reader.value(contextConstructed(0), "the otherName's value");
      reader.end();
      return { form: "other", type, value: held.content };
    }
    case contextConstructed(4): {
      const reader = new DerReader(value.content, "a directoryName");
      const name = reader.value(TAG.sequence, "a directoryName");
      reader.end();
      return { form: "directory", name: name.raw };
    }
    case contextPrimitive(1):
      return { form: "email", value: value.content };
    case contextConstructed(3):
      return { form: "x400", value: value.content };
    case contextConstructed(5):
      return { form: "edi", value: value.content };
    case contextPrimitive(6):
      return { form: "uri", value: value.content };
    case contextPrimitive(7):
      return { form: "address", value: value.content };
    case contextPrimitive(8):
      return { form: "registered", value: value.content };
    default:
      throw new DerError("der-tag", "a GeneralName ([0] to [8])", `tag 0x${value.tag.toString(16).padStart(2, "0")}`);
  }
}
