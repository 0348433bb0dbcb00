import type { InboundMessage, OutboundMessage } from "./internal-side";

const ECHO = "echo";

/** The address of the echo user of a domain. */
export function echoOf(domain: string): string {
  return `${ECHO}@${domain}`;
}

/**
 * The echo user's answer, if there is one. An error is never answered (RFC 6120 section 8.3.1), nor another echo, or
 * two of them would talk for ever; nor a room, nor what has no body to send back.
 */
export function echoAnswer(message: InboundMessage): OutboundMessage | undefined {
  const { type, body, thread } = message;
  if (type === "error" || type === "groupchat" || body === undefined) return undefined;
  if (message.from.startsWith(`${ECHO}@`)) return undefined;
  return { from: message.to, to: message.from, type, body, ...(thread === undefined ? {} : { thread }) };
}
