import { SaxesParser } from "saxes";

/** The private fields of saxes 6.0.0 that this folder uses; a test asserts that they exist and mean what is said here. */
export interface SaxesInternals {
  /** What the parser is in the middle of: one of `SaxesState`. */
  readonly state: number;
  /** Character data, or an attribute's value, read so far and not yet given to a handler. Cleared between stanzas, or it would only grow. */
  text: string;
  /** What follows an `&` whose `;` has not come yet. */
  readonly entity: string;
  /** The state to which the end of a reference leads back: text, or an attribute's value. */
  readonly entityReturnState: number | undefined;
  /** The string being parsed. Kept by saxes until the next one comes, which an idle stream may never send. */
  chunk: string;
  /** The position, in the string being parsed, of the next character. */
  readonly i: number;
  /** The name of the tag that is being read. */
  readonly name: string;
  /** The elements that are open, the innermost last. */
  readonly tags: readonly { readonly name: string }[];
  /** Ends the innermost element, and with an error others until one has the tag's name. */
  closeTag(): void;
  /** The text that a reference stands for, given what is between its `&` and `;`. */
  parseEntity(reference: string): string;
}

/** Numbers of saxes' states, of those that matter here. */
export const SaxesState = {
  doctype: 2,
  lastOfDoctype: 12,
  text: 13,
  entity: 14,
  comment: 17,
  lastOfComment: 19,
  instructionBody: 25,
  lastOfInstruction: 26,
} as const;

const options = { xmlns: true, position: false, forceXMLVersion: true, defaultXMLVersion: "1.0" } as const;

/**
 * saxes with all its handler slots made in the constructor. `on()` adds each as a computed property, and from the
 * seventh on V8 turns the parser object into a dictionary: a quarter of the speed, for every later parser of the
 * process too. What is more than these slots goes on the prototype; a test holds the shape.
 */
export class ShapedSaxes extends SaxesParser<typeof options> {
  /** @param checkReference refuses, by throwing, a reference that saxes would take */
  constructor(readonly checkReference: (reference: string) => void) {
    super(options);
    Object.assign(this, {
      xmldeclHandler: undefined,
      piHandler: undefined,
      doctypeHandler: undefined,
      commentHandler: undefined,
      cdataHandler: undefined,
      textHandler: undefined,
      attributeHandler: undefined,
      openTagHandler: undefined,
      closeTagHandler: undefined,
      errorHandler: undefined,
    });
  }

  /** The same object, with the private fields that this folder uses. */
  get internals(): SaxesInternals {
    return this as unknown as SaxesInternals;
  }
}

const { parseEntity, closeTag } = SaxesParser.prototype as unknown as SaxesInternals;

// Its types keep these methods private, so that a class cannot override them by name.
Object.assign(ShapedSaxes.prototype, {
  parseEntity(this: ShapedSaxes, reference: string): string {
    this.checkReference(reference);
    return parseEntity.call(this, reference);
  },
  // saxes says that an element has ended before it says that the tag did not fit: a stanza would be delivered.
  closeTag(this: ShapedSaxes): void {
    const { name, tags } = this.internals;
    if (tags[tags.length - 1]?.name !== name) this.fail("unexpected close tag.");
    closeTag.call(this);
  },
});
