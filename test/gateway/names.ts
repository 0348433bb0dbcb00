/** A resolver that knows what a test tells it. */
import type { Lookup, SrvAnswer } from "../../src/dns/resolver";
import type { SecureResolver } from "../../src/dns/resolver/secure-resolver";

export interface Names {
  /** By domain: its SRV records; an empty list says that it has none, a text that they cannot be looked up. */
  readonly srv?: Readonly<Record<string, readonly Partial<SrvAnswer>[] | string>>;
  /** By host name. */
  readonly addresses?: Readonly<Record<string, readonly string[] | string>>;
  /** TLSA records in text, by owner. */
  readonly tlsa?: Readonly<Record<string, readonly string[] | string>>;
}

export interface StubNames extends SecureResolver {
  /** What was asked for, in order. */
  readonly asked: string[];
}

/** Answers from a table, which may change while it is in use. */
export function namesOf(names: Names): StubNames {
  const asked: string[] = [];
  const look = <T>(found: readonly T[] | string | undefined): Lookup<readonly T[]> => {
    if (typeof found === "string") return { status: "failed", code: "timeout", reason: found };
    if (found === undefined || found.length === 0) return { status: "absent", why: "nxdomain" };
    return { status: "found", value: found, ttl: 300 };
  };
  return {
    asked,
    async srv(owner) {
      asked.push(`SRV ${owner}`);
      const found = names.srv?.[owner.replace("_xmpp-server._tcp.", "")];
      return look(
        typeof found === "object"
          ? found.map((one) => ({ priority: 0, weight: 0, port: 5269, target: "xmpp.fabrikam.example", ...one }))
          : found,
      );
    },
    async tlsa(owner) {
      asked.push(`TLSA ${owner}`);
      const found = names.tlsa?.[owner];
      return look(typeof found === "object" ? found.map(tlsaData) : found);
    },
    async addresses(host) {
      asked.push(`addresses ${host}`);
      const found = names.addresses?.[host];
      return look(
        typeof found === "object"
          ? found.map((address) => ({ address, family: address.includes(":") ? (6 as const) : (4 as const), ttl: 300 }))
          : found,
      );
    },
  };
}

/** Of a record in text, such as `3 1 1 <hex>`. */
function tlsaData(text: string): Buffer {
  const [usage, selector, matching, hex = ""] = text.split(" ");
  return Buffer.concat([Buffer.from([usage, selector, matching].map(Number)), Buffer.from(hex, "hex")]);
}
