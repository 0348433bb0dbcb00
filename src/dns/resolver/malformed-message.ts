/** The bytes received are no well-formed DNS message; `message` says what was found. */
export class MalformedMessage extends Error {
  readonly code = "dns-message-malformed";
}
