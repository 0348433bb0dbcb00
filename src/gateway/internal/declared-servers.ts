import { isIPv6 } from "node:net";
import { srvOwner } from "../../definition/facts/dns-records";
import type { NameResolver } from "../../dns/resolver";

/** Seconds; nothing keeps these answers. */
const TTL = 60;

/**
 * Finds our own server inside where the definition says that it is, whatever a DNS says: a forged answer must not come
 * between it and the gateway.
 */
export function declaredServers(
  servers: () => readonly { readonly address: string; readonly port: number }[],
  localDomains: () => ReadonlySet<string>,
): NameResolver {
  const absent = { status: "absent", why: "nxdomain" } as const;
  return {
    async srv(name) {
      const isOurs = [...localDomains()].some((domain) => srvOwner(domain) === name);
      if (!isOurs) return absent;
      const value = servers().map(({ address, port }, priority) => ({ priority, weight: 0, port, target: address }));
      return { status: "found", value, ttl: TTL };
    },
    async addresses(host) {
      if (!servers().some(({ address }) => address === host)) return absent;
      return { status: "found", value: [{ address: host, family: isIPv6(host) ? 6 : 4, ttl: TTL }], ttl: TTL };
    },
  };
}
