import { SaxesState } from "./shaped-saxes";
import { StreamXmlError, type StreamXmlErrorCode } from "./stream-xml-error";

export function notWellFormed(code: StreamXmlErrorCode, message: string): StreamXmlError {
  return new StreamXmlError(code, "not-well-formed", message);
}

export function unsupportedEncoding(message: string): StreamXmlError {
  return new StreamXmlError("xml-encoding", "unsupported-encoding", message);
}

export function beyondLimit(code: StreamXmlErrorCode, limit: string): StreamXmlError {
  return new StreamXmlError(code, "policy-violation", `More than ${limit}`);
}

/** What RFC 6120 section 11.1 forbids although it is well-formed. */
export function restricted(code: StreamXmlErrorCode, found: string): StreamXmlError {
  return new StreamXmlError(code, "restricted-xml", `${found}, which no XML stream may have (RFC 6120 section 11.1)`);
}

export const doctype = (): StreamXmlError => restricted("xml-doctype", "A document type declaration");
export const comment = (): StreamXmlError => restricted("xml-comment", "A comment");
export const instruction = (): StreamXmlError => restricted("xml-processing-instruction", "A processing instruction");
export const otherEntity = (): StreamXmlError =>
  restricted("xml-entity", "A reference to an entity other than amp, lt, gt, apos and quot");

export const textBetweenStanzas = (): StreamXmlError =>
  notWellFormed(
    "xml-text-between-stanzas",
    "Text between stanzas: expected an element, or white space to keep the stream alive (RFC 6120 section 4.6.1)",
  );

/**
 * The refusal that a state of saxes is enough for: within a DTD, a comment or an instruction nothing can come that
 * would make it acceptable, so there is no need to collect it up to its end.
 */
export function refusalOfState(state: number): StreamXmlError | undefined {
  if (state >= SaxesState.doctype && state <= SaxesState.lastOfDoctype) return doctype();
  if (state >= SaxesState.comment && state <= SaxesState.lastOfComment) return comment();
  if (state >= SaxesState.instructionBody && state <= SaxesState.lastOfInstruction) return instruction();
  return undefined;
}

/** The refusal for an error that saxes found, whose message may quote what the peer sent. */
export function refusalOfError(message: string, state: number): StreamXmlError {
  const known = refusalOfState(state);
  if (known !== undefined) return known;
  if (message === "undefined entity.") return otherEntity();
  const colon = message.indexOf(": ");
  const fault = (colon < 0 ? message : message.slice(0, colon)).replace(/\.$/, "");
  return notWellFormed("xml-malformed", `XML that is not well-formed: ${fault}`);
}

const maxReference = 256;
/** The start of `#38`, of `#x26` or of a name, as far as telling them from a bare '&' needs. */
const possibleReference = /^(?:#(?:x[0-9a-f]*|[0-9]*)|[^#\s<>&"'=/:][^\s<>&"'=/:#]*)?$/i;

/**
 * The refusal for what follows an `&`, whether or not its `;` has come: saxes looks for the `;` behind any markup, so
 * that a bare `&` would hide what follows, and a reference may have any number of digits.
 */
export function refusalOfReference(reference: string): StreamXmlError | undefined {
  if (!possibleReference.test(reference.slice(0, maxReference + 1))) {
    return notWellFormed("xml-malformed", "'&' that begins no reference: expected &amp;");
  }
  if (reference.length <= maxReference) return undefined;
  return restricted("xml-entity", `A reference of more than ${maxReference} characters`);
}
