import { DnssecAnchorError, readAnchors } from "../../dns/resolver/dnssec/read-anchors";
import { parseRootHints } from "../../dns/survey/root-hints";
import type { VerifyOptions } from "../../dns/verify";
import type { Attributes } from "../protocol/schema";
import type { ObjectValue } from "../protocol/value";
import { flagOf, numberOf, type Rule, text, textOf } from "./configured";

// How far the check looks, and what it takes for granted: for closed networks, and for worlds of one's own.

export const reachAttributes: Attributes = {
  via_resolvers_only: {
    type: "bool",
    optional: true,
    description:
      "Whether to follow no delegation, where the network lets nobody ask name servers. Less can be said then. Default false.",
  },
  root_hints: {
    type: "string",
    optional: true,
    description: "The text of a root hints file, whose servers the walk begins at. Default: the public root's.",
  },
  dnssec_anchor: {
    type: "string",
    optional: true,
    description: "DS or DNSKEY records, as zone file lines, that are trusted instead of the root's keys.",
  },
  dns_port: {
    type: "number",
    optional: true,
    description: "The port at which the name servers of the delegation are asked. Default 53.",
  },
  allow_private: {
    type: "bool",
    optional: true,
    description: "Whether addresses that are not public are meant: a lab, a closed network. Default false.",
  },
};

export const reachRules: { readonly [attribute: string]: Rule } = {
  root_hints: text((value) => parseRootHints(value).length > 0, "the text of a root hints file"),
  dnssec_anchor: (value) => {
    try {
      if (typeof value === "string") readAnchors(value);
      return undefined;
    } catch (error) {
      if (error instanceof DnssecAnchorError) return { summary: error.message, detail: error.remedy };
      throw error;
    }
  },
  dns_port: (value) =>
    typeof value !== "number" || (Number.isInteger(value) && value >= 1 && value <= 65_535)
      ? undefined
      : { summary: "not a port, 1 to 65535", detail: `Found ${value}.` },
};

export type ReachArguments = Pick<VerifyOptions, "via" | "roots" | "anchors" | "port" | "allowPrivate">;

export function reachArguments(config: ObjectValue): ReachArguments {
  const [hints, anchor, port] = [textOf(config.root_hints), textOf(config.dnssec_anchor), numberOf(config.dns_port)];
  return {
    ...(flagOf(config.via_resolvers_only) && { via: "resolvers" }),
    ...(hints !== undefined && { roots: parseRootHints(hints) }),
    ...(anchor !== undefined && { anchors: readAnchors(anchor) }),
    ...(port !== undefined && { port }),
    ...(flagOf(config.allow_private) && { allowPrivate: true }),
  };
}
