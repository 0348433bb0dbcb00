import { parseServerAddress, type ServerAddress } from "../../dns/resolver/server-address";
import { type NameServer, parseNameServer } from "../../dns/vantage";
import type { Attributes } from "../protocol/schema";
import type { ObjectValue } from "../protocol/value";
import { numberOf, type Rule, text, textsOf } from "./configured";

// What both data sources take: whom to ask, and for how long.

const DEFAULT_TIMEOUT = 20;
const LONGEST = 3600;

export const dnsAttributes = (resolvers: string, nameServers: string): Attributes => ({
  resolvers: { type: ["list", "string"], optional: true, description: resolvers },
  name_servers: { type: ["list", "string"], optional: true, description: nameServers },
  timeout: {
    type: "number",
    optional: true,
    description: `Seconds for the whole, at most ${LONGEST}. Default ${DEFAULT_TIMEOUT}.`,
  },
});

export const dnsRules: { readonly [attribute: string]: Rule } = {
  resolvers: text(
    (value) => parseServerAddress(value) !== undefined,
    "an address with or without a port, such as 192.0.2.53:5353",
  ),
  name_servers: text(
    (value) => parseNameServer(value) !== undefined,
    "a name server as [ZONE=]ADDRESS[:PORT], such as contoso.example=192.0.2.53",
  ),
  timeout: (value) =>
    typeof value !== "number" || (value > 0 && value <= LONGEST)
      ? undefined
      : { summary: `not seconds, more than 0 and at most ${LONGEST}`, detail: `Found ${value}.` },
};

export interface DnsArguments {
  readonly resolvers?: readonly ServerAddress[];
  readonly nameServers?: readonly NameServer[];
  readonly timeout: number;
}

export function dnsArguments(config: ObjectValue): DnsArguments {
  const resolvers = textsOf(config.resolvers)?.flatMap((value) => parseServerAddress(value) ?? []);
  const nameServers = textsOf(config.name_servers)?.flatMap((value) => parseNameServer(value) ?? []);
  return {
    ...(resolvers !== undefined && resolvers.length > 0 && { resolvers }),
    ...(nameServers !== undefined && nameServers.length > 0 && { nameServers }),
    timeout: numberOf(config.timeout) ?? DEFAULT_TIMEOUT,
  };
}
