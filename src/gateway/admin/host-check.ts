import { isIP } from "node:net";

/**
 * Whether a Host header (RFC 9110 section 7.2) names this machine's own port: a loopback name or address, or the
 * address that the request came in on. A web page whose name was made to point here (DNS rebinding) sends its own name.
 * Any port passes: it may be forwarded.
 * @param arrivedAt the local address of the connection
 */
export function isOwnHost(header: string | undefined, arrivedAt: string | undefined): boolean {
  if (header === undefined) return false;
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header);
  if (match === null) return false;
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  if (host === "localhost") return true;
  const address = plainAddress(host);
  if (match[1] !== undefined ? isIP(host) !== 6 : isIP(host) !== 4) return false;
  return isLoopback(address) || (arrivedAt !== undefined && address === plainAddress(arrivedAt));
}

export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** One spelling an address: `::ffff:192.0.2.1` is what a dual-stack socket calls 192.0.2.1. */
function plainAddress(text: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (isIP(text) !== 6) return text.toLowerCase();
  return new URL(`http://[${text.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
}
