import { isIP } from "node:net";
import { z } from "zod";
import { parseAddress } from "./names/address";
import { prepareDomain } from "./names/domain";

/** A DNS name; Unicode is turned into A-labels (RFC 5891), case and one final dot are dropped. */
const domainName = z
  .string()
  .min(1)
  .max(1024)
  .transform((text, context) => {
    const prepared = prepareDomain(text);
    if (prepared.ok) return prepared.domain;
    context.addIssue({ code: "custom", message: `not a domain name: ${prepared.reason}` });
    return z.NEVER;
  });

/** A host name of at least two labels. */
const hostName = domainName.refine((name) => name.includes("."), {
  message: "not a fully qualified host name: it has one label only",
});

/** A name for a certificate: a domain name, or a wildcard for its left-most label. */
const certificateName = z
  .string()
  .min(1)
  .max(1024)
  .transform((text, context) => {
    const wildcard = text.startsWith("*.");
    const prepared = prepareDomain(wildcard ? text.slice(2) : text);
    if (prepared.ok) return wildcard ? `*.${prepared.domain}` : prepared.domain;
    context.addIssue({ code: "custom", message: `not a certificate name: ${prepared.reason}` });
    return z.NEVER;
  });

/** `user@domain`, prepared (RFC 7622). */
const bareAddress = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const parsed = parseAddress(text);
    if (parsed.ok && parsed.address.local !== undefined && parsed.address.resource === undefined)
      return `${parsed.address.local}@${parsed.address.domain}`;
    context.addIssue({ code: "custom", message: `not an address user@domain${parsed.ok ? "" : `: ${parsed.reason}`}` });
    return z.NEVER;
  });

/** An IP address without zone; IPv6 in its canonical form (RFC 5952), so that equal addresses are equal texts. */
const ipAddress = z.string().transform((text, context) => {
  const family = text.includes("%") ? 0 : isIP(text);
  if (family === 4) return text;
  if (family === 6) return new URL(`http://[${text}]`).hostname.slice(1, -1);
  context.addIssue({ code: "custom", message: "not an IPv4 or IPv6 address" });
  return z.NEVER;
});
const cidr = z.string().refine(isCidr, { message: "not an address range such as 10.20.0.0/16 or fd00::/8" });
const port = z.int().min(1).max(65535);
const negotiation = z.enum(["Required", "Optional", "NotSupported"]);
/** One line: control characters have no place in certificates, zone files and logs. */
const line = (least: number, most: number) =>
  z
    .string()
    .min(least)
    .max(most)
    .regex(/^\P{Cc}*$/u, "a text of one line, without control characters");
const word = line(1, 64);
const text = line(0, 1024);
const description = z.string().max(1024);
/** RFC 8659 section 4.2, with parameters as RFC 8657 has them; without the quotes that would end it in a zone file. */
const caaIssuer = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9.-]+( *; *[A-Za-z0-9]+ *= *[!#-:<-[\]-~]*)*$/, "a CA's name as in CAA records, such as ca.example")
  .describe("the CA's name in CAA records");
const seconds = (least: number, most: number) => z.int().min(least).max(most);

function isCidr(value: string): boolean {
  const [address, length, rest] = value.split("/");
  const family = isIP(address ?? "");
  return (
    family !== 0 && rest === undefined && /^\d{1,3}$/.test(length ?? "") && Number(length) <= (family === 4 ? 32 : 128)
  );
}

const accessEdge = z
  .strictObject({
    fqdn: hostName.describe("Access Edge FQDN: what SRV records point at and the certificate's subject"),
    addresses: z.array(ipAddress).max(16).default([]).describe("public addresses; empty: allocated at deploy"),
    port: port.default(5269).describe("listening port of the XMPP federation; others than 5269 only for local runs"),
    directTlsPort: port.optional().describe("port of direct TLS (XEP-0368), 5270 by custom; left out: off"),
    takesOver: z
      .boolean()
      .default(false)
      .describe("true: this edge replaces a SIP edge that answers at the same name today"),
  })
  .describe("the edge host as partners see it");

const localDomain = z.strictObject({
  name: domainName.describe("a SIP/XMPP domain of ours"),
  sip: z
    .boolean()
    .optional()
    .describe("put sip.<domain> into the certificate; default: true when internal.kind is sip"),
});

const issued = { issuer: caaIssuer.optional() };
const certificateSource = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("request").default("request"), ...issued }),
  z.strictObject({
    kind: z.literal("acme"),
    ...issued,
    directory: z.url({ protocol: /^https$/ }).optional(),
    challenge: z
      .enum(["dns-01", "http-01", "tls-alpn-01"])
      .default("dns-01")
      .describe("how names are proved: by a record, or at port 80 or 443 of every name"),
  }),
  z.strictObject({ kind: z.literal("acm"), ...issued }),
  z.strictObject({ kind: z.literal("imported"), ...issued }),
  z.strictObject({ kind: z.literal("lab"), ...issued }),
]);

const certificate = z.strictObject({
  friendlyName: text.optional(),
  key: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("RSA").default("RSA"), bits: z.literal([2048, 3072, 4096]).default(2048) }),
      z.strictObject({ type: z.literal("ECDSA"), bits: z.literal([256, 384]).default(256) }),
    ])
    .default({ type: "RSA", bits: 2048 }),
  exportableKey: z.boolean().default(false),
  organization: word.optional(),
  organizationalUnit: word.optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, "two capital letters (ISO 3166)")
    .optional(),
  state: text.optional(),
  locality: text.optional(),
  additionalNames: z.array(certificateName).max(500).default([]),
  source: certificateSource
    .default({ kind: "request" })
    .describe("who issues it; issuer: the CA's name in CAA records"),
});

const anchors = z
  .array(z.string().regex(/-----BEGIN CERTIFICATE-----/, "a certificate in PEM"))
  .min(1)
  .max(32);
const pins = z
  .array(z.string().regex(/^[0-9a-f]{64}$/, "SHA-256 of the public key (SPKI) in 64 lower-case hex digits"))
  .min(1)
  .max(32);

const partner = z
  .strictObject({
    domain: domainName.describe("the partner's primary domain"),
    description: description.optional(),
    additionalDomains: z.array(domainName).max(1000).default([]),
    partnerType: z
      .enum(["Federated", "PublicVerified", "PublicUnverified"])
      .default("PublicUnverified")
      .describe("how far the partner's users are trusted"),
    tlsNegotiation: negotiation.default("Required"),
    saslNegotiation: negotiation.default("Required"),
    supportDialbackNegotiation: z.boolean().default(true),
    enableKeepAlive: z.boolean().default(true),
    connectionLimit: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe("streams at once; default: gateway.partnerConnectionLimit"),
    proxyFqdn: hostName.optional().describe("connect here, port 5269, instead of following SRV"),
    localDomains: z.array(domainName).min(1).optional().describe("which of our domains it may talk to; default: all"),
    trustAnchors: anchors
      .optional()
      .describe("PEM certificates trusted for this partner instead of the gateway's anchors"),
    pins: pins.optional().describe("SHA-256 of public keys, one of which the partner's certificate must have"),
    proofType: z
      .enum(["pkix", "dane", "posh"])
      .optional()
      .describe(
        "what proves its certificate: pkix: a path to the anchors; dane: its TLSA records, proved by DNSSEC; posh: its POSH document, fetched over HTTPS; default: pkix",
      ),
    revocation: z
      .enum(["off", "soft", "hard"])
      .optional()
      .describe(
        "look for revoked certificates; soft: what cannot be told passes with a warning, hard: it is refused; default: off",
      ),
    allowedTargets: z.array(cidr).max(64).optional().describe("private address ranges this partner may be reached at"),
    blockedUsers: z
      .array(bareAddress)
      .max(1000)
      .optional()
      .describe("users of its domains who reach nobody here, nor are reached (user@domain)"),
    allowSaslWithoutTls: z.boolean().default(false).describe("accept the rows Lync's Control Panel refuses to save"),
  })
  .describe("an allowed partner, as New-CsXmppAllowedPartner has it");

const gateway = z
  .strictObject({
    connectionLimit: z.int().min(10).max(1_000_000).default(1000),
    partnerConnectionLimit: z.int().min(1).max(100_000).default(20),
    keepAliveInterval: seconds(10, 86_400).default(300).describe("seconds"),
    streamEstablishmentTimeout: seconds(5, 3600).default(60).describe("seconds"),
    streamInactivityTimeout: seconds(10, 604_800).default(600).describe("seconds"),
    subscriptionRefreshInterval: seconds(60, 604_800).default(28_800).describe("seconds"),
    enableLoggingAllMessageBodies: z.boolean().default(false),
  })
  .describe("as Set-CsXmppGatewayConfiguration");

const policy = z.strictObject({
  description: description.optional(),
  enableFederationAccess: z.boolean().default(false),
  enableXmppAccess: z.boolean().default(false),
});

const site = z.strictObject({ name: word, survivableBranch: z.boolean().default(false), policy: word.optional() });
const user = z.strictObject({ address: bareAddress, site: word.optional(), policy: word.optional() });

const internal = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sandbox"), users: z.array(bareAddress).max(100_000).default([]) }),
  z
    .strictObject({
      kind: z.literal("xmpp"),
      servers: z
        .array(z.strictObject({ address: ipAddress, port: port.default(5269) }))
        .min(1)
        .max(8)
        .describe("where our own XMPP server listens for servers; tried in this order"),
      port: port.default(5271).describe("port at which our own XMPP server finds the gateway"),
      trustAnchors: anchors.optional().describe("PEM certificates that our own server's must lead to"),
      pins: pins.optional().describe("SHA-256 of public keys, one of which our own server's certificate must have"),
    })
    .describe("an XMPP server of ours behind the gateway, over streams between servers"),
  z.strictObject({ kind: z.literal("sip") }),
]);

const waiver = z.strictObject({
  check: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "the id of a check")
    .describe("the check's id, as `dns explain --list` has them"),
  domain: hostName.optional().describe("the domain or host it is found at; left out: wherever it is found"),
  reason: text.min(1),
  until: z.iso.date().describe("the last day on which it holds, YYYY-MM-DD"),
});

const publishing = {
  zone: domainName.optional().describe("the zone to write to; default: each local domain is a zone of its own"),
  ttl: seconds(0, 604_800).default(3600).describe("seconds"),
  priority: z.int().min(0).max(65535).default(0),
  weight: z.int().min(0).max(65535).default(0),
  tlsa: z.boolean().default(false),
  caa: z.boolean().default(false).describe("publish a CAA record for the certificate's issuer where none is"),
  directTls: z.boolean().default(false),
  legacyGateway: hostName.optional().describe("the old gateway's host name during a cut-over"),
  cutOver: z.boolean().default(false),
  ownerAliases: z
    .boolean()
    .default(false)
    .describe("the SRV records' owners are aliases (CNAME or DNAME) on purpose, as some hosters delegate them"),
  waivers: z.array(waiver).max(1000).optional().describe("what `dns verify` finds and lets pass, with reason and end"),
};

const dns = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("route53"), ...publishing }),
  z.strictObject({ kind: z.literal("rfc2136"), server: text.min(1), tsigKeyFile: text.min(1), ...publishing }),
  z.strictObject({ kind: z.literal("zone-file").default("zone-file"), ...publishing }),
]);

/** The definition: everything else is derived from it. */
export const definitionSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/, "a short name: a small letter, then small letters, digits, hyphens"),
    revision: z
      .int()
      .min(0)
      .optional()
      .describe("raised with each change; a running gateway refuses a lower one than it has"),
    accessEdge,
    domains: z.array(localDomain).min(1).max(1000),
    certificate: certificate.prefault({}),
    partners: z.array(partner).max(100_000).default([]),
    gateway: gateway.prefault({}),
    accessPolicies: z
      .strictObject({ global: policy.prefault({}), named: z.record(word, policy).default({}) })
      .optional()
      .describe("left out: every local user may federate; given: Lync's rules, off by default"),
    sites: z.array(site).max(10_000).default([]),
    users: z.array(user).max(1_000_000).default([]),
    internal: internal.optional().describe("who answers inside; left out: nobody"),
    dns: dns.prefault({ kind: "zone-file" }),
  })
  .describe("xmpp-edge definition");

/** What an engineer writes: every default may be left out. */
export type EdgeInput = z.input<typeof definitionSchema>;
/** A read definition: parsed, defaulted, names prepared. */
export type Definition = z.output<typeof definitionSchema>;
export type Partner = Definition["partners"][number];
export type AccessPolicy = z.output<typeof policy>;
export type GatewaySettings = Definition["gateway"];
