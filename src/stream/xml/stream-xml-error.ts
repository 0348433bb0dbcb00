/** The stream error conditions of RFC 6120 section 4.9.3 that the XML itself can earn. */
export type StreamErrorCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "invalid-xml"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** What was wrong, stable, one for each rule that the parser enforces. */
export type StreamXmlErrorCode =
  | "xml-after-end"
  | "xml-comment"
  | "xml-doctype"
  | "xml-encoding"
  | "xml-entity"
  | "xml-malformed"
  | "xml-namespace-name"
  | "xml-parser-fault"
  | "xml-processing-instruction"
  | "xml-text-between-stanzas"
  | "xml-too-deep"
  | "xml-too-large"
  | "xml-too-many-attributes"
  | "xml-too-many-elements"
  | "xml-too-many-namespaces"
  | "xml-too-much-white-space"
  | "xml-name-too-long"
  | "xml-version";

/**
 * Bytes that cannot go on as an XML stream. The stream is lost: send a stream error with `condition` and close (RFC
 * 6120 section 4.9.1.1). The message says what was found and what is allowed; it never quotes the peer's bytes.
 */
export class StreamXmlError extends Error {
  override readonly name = "StreamXmlError";

  constructor(
    readonly code: StreamXmlErrorCode,
    readonly condition: StreamErrorCondition,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
