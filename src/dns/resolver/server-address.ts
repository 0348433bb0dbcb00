import { isIP } from "node:net";

/** Where a DNS server is asked. */
export interface ServerAddress {
  /** IPv4 or IPv6 address, the latter without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Reads `ADDRESS`, `ADDRESS:PORT` or `[IPV6]:PORT`; undefined where the text is none of them. The port defaults to 53. */
export function parseServerAddress(text: string): ServerAddress | undefined {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const match = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*))(?::(?<port>\d{1,5}))?$/.exec(text);
  const { v6, v4, port = "53" } = match?.groups ?? {};
  const address = v6 ?? v4 ?? "";
  if (isIP(address) !== (v6 === undefined ? 4 : 6)) return undefined;
  const number = Number(port);
  return number >= 1 && number <= 65535 ? { address, port: number } : undefined;
}

/** `ADDRESS:PORT` as `parseServerAddress` reads it. */
export function formatServerAddress({ address, port }: ServerAddress): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
