import { streamErrorsNamespace, streamsNamespace } from "./namespaces";
import { childNamed, type Element, elements, textOf, xml } from "./xml/element";

/** Every condition of RFC 6120 section 4.9.3. */
export const STREAM_ERROR_CONDITIONS = [
  "bad-format",
  "bad-namespace-prefix",
  "conflict",
  "connection-timeout",
  "host-gone",
  "host-unknown",
  "improper-addressing",
  "internal-server-error",
  "invalid-from",
  "invalid-namespace",
  "invalid-xml",
  "not-authorized",
  "not-well-formed",
  "policy-violation",
  "remote-connection-failed",
  "reset",
  "resource-constraint",
  "restricted-xml",
  "see-other-host",
  "system-shutdown",
  "undefined-condition",
  "unsupported-encoding",
  "unsupported-feature",
  "unsupported-stanza-type",
  "unsupported-version",
] as const;
export type StreamCondition = (typeof STREAM_ERROR_CONDITIONS)[number];

/** Longer than any name or address with a port is. */
const MAXIMUM_HOST = 300;

/** A stream error to send: the stream closes after it. */
export interface StreamError {
  readonly condition: StreamCondition;
  /** Why, for the peer's operator. */
  readonly text?: string;
  /** Of a peer's `see-other-host`, what it says, as it says it. */
  readonly otherHost?: string;
  /** A condition of another specification beside it (RFC 6120 section 4.9.4). */
  readonly detail?: Element;
}

/** The `<stream:error/>` element. */
export function streamErrorElement({ condition, text, detail }: StreamError): Element {
  const children = [xml(condition, streamErrorsNamespace)];
  if (text !== undefined) children.push(xml("text", streamErrorsNamespace, { "xml:lang": "en" }, text));
  if (detail !== undefined) children.push(detail);
  return xml("error", streamsNamespace, {}, ...children);
}

/** Reads a peer's `<stream:error/>`; unknown conditions are undefined-condition (RFC 6120 section 4.9.3.21). */
export function readStreamError(el: Element): StreamError {
  const known = elements(el).find(
    (child) =>
      child.ns === streamErrorsNamespace && (STREAM_ERROR_CONDITIONS as readonly string[]).includes(child.name),
  );
  const text = childNamed(el, "text", streamErrorsNamespace);
  const otherHost = known?.name === "see-other-host" ? textOf(known).slice(0, MAXIMUM_HOST) : "";
  return {
    condition: (known?.name as StreamCondition | undefined) ?? "undefined-condition",
    ...(text === undefined ? {} : { text: textOf(text).slice(0, 256) }),
    ...(otherHost === "" ? {} : { otherHost }),
  };
}
