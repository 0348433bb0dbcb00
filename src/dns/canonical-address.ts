import { isIP, SocketAddress } from "node:net";

/** An address in the one form addresses are compared in (RFC 5952 for IPv6). What is no address stays as it is. */
export function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: "ipv6" }).address : address;
}
