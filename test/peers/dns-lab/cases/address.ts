import type { LabCase, Site } from "../world";

/** With an Access Edge of its own. */
const own = (records: Site["records"] = {}): Site => ({ definition: {}, records });
const OTHER = "11.20.0.7";

/** Addresses of the Access Edge. */
export const ADDRESS_CASES: readonly LabCase[] = [
  {
    id: "srv-target-alias",
    about: "edge",
    fault: own({
      "xmpp A": [],
      "xmpp AAAA": [],
      "xmpp CNAME": ["host"],
      "host A": ["@edge4"],
      "host AAAA": ["@edge6"],
    }),
    sound: own({ "www CNAME": ["xmpp"] }),
  },
  {
    id: "srv-target-no-address",
    about: "edge",
    fault: own({ "xmpp A": [], "xmpp AAAA": [] }),
    sound: own({ "@ A": [], "@ AAAA": [] }),
  },
  {
    id: "address-differs",
    about: "edge",
    fault: own({ "xmpp A": [OTHER], "xmpp AAAA": [] }),
    sound: own({ "@ A": [OTHER] }),
  },
  {
    id: "address-missing",
    about: "edge",
    fault: own({ "xmpp AAAA": [] }),
    sound: {
      definition: ({ edge, edge4 }) => ({ accessEdge: { fqdn: edge, addresses: [edge4], port: 5269 } }),
    },
  },
  {
    id: "address-extra",
    about: "edge",
    fault: own({ "xmpp A": ["@edge4", OTHER] }),
    sound: {
      definition: ({ edge, edge4, edge6 }) => ({
        accessEdge: { fqdn: edge, addresses: [edge4, edge6, OTHER], port: 5269 },
      }),
      also: ["address-ptr"], // the reverse zones hold nothing of the third one
    },
  },
  {
    id: "address-ipv6-undeclared",
    about: "edge",
    fault: {
      definition: ({ edge, edge4 }) => ({ accessEdge: { fqdn: edge, addresses: [edge4], port: 5269 } }),
      records: { "xmpp AAAA": ["@edge6"] },
    },
    sound: {
      definition: ({ edge, edge4 }) => ({ accessEdge: { fqdn: edge, addresses: [edge4], port: 5269 } }),
      records: { "@ AAAA": ["@edge6"] },
    },
  },
  {
    id: "address-private",
    about: "edge",
    fault: { definition: ({ edge }) => ({ accessEdge: { fqdn: edge, addresses: ["10.20.0.8"], port: 5269 } }) },
    sound: { definition: {}, records: { "inside A": ["10.20.0.8"] } },
  },
  {
    id: "address-private",
    variant: "allowed",
    about: "edge",
    verdict: "info",
    fault: {
      definition: ({ edge }) => ({ accessEdge: { fqdn: edge, addresses: ["10.20.0.9"], port: 5269 } }),
      verify: () => ({ allowPrivate: true }),
    },
    sound: { verify: () => ({ allowPrivate: true }) },
  },
  {
    id: "address-ptr",
    about: "edge",
    // The reverse zones hold the addresses that sites are given, and not this one.
    fault: { definition: ({ edge }) => ({ accessEdge: { fqdn: edge, addresses: ["11.250.0.9"], port: 5269 } }) },
    sound: { definition: {} },
  },
];
