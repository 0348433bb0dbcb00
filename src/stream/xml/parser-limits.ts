/** What one peer may make us hold or do. All but the first have defaults that XMPP in use does not come near. */
export interface ParserLimits {
  /** Bytes of the stream header or of one stanza, from its `<` on. RFC 6120 section 13.12 asks for at least 10,000. */
  readonly maxStanzaBytes: number;
  /** Characters of white space between two stanzas: 65,536, six weeks of one a minute. */
  readonly maxWhitespaceBytes?: number;
  /** Elements within each other, the stream's root counted: 32. */
  readonly maxDepth?: number;
  /** Elements of one stanza: 10,000. An element is held in some fifty times the bytes of `<a/>`. */
  readonly maxElements?: number;
  /** Attributes of one element, namespace declarations not counted: 64. */
  readonly maxAttributes?: number;
  /** Namespace declarations of one element: 16. */
  readonly maxNamespaces?: number;
  /** Characters of a name with its prefix: 256. */
  readonly maxNameLength?: number;
}

export const defaultLimits = {
  maxWhitespaceBytes: 65_536,
  maxDepth: 32,
  maxElements: 10_000,
  maxAttributes: 64,
  maxNamespaces: 16,
  maxNameLength: 256,
} as const satisfies Omit<ParserLimits, "maxStanzaBytes">;
