import { describe, expect, test } from "@jest/globals";
import type { EdgeInput, Finding } from "../../../src/definition";
import { parseDefinition } from "../../../src/definition";
import { least, line, withPartners } from "../sample";
import { CA_PEM, LEAF_PEM } from "./anchors";

/** A definition with a rule broken, what is said then, and the nearest definition that keeps the rule. */
interface Rule {
  readonly says: string;
  readonly broken: EdgeInput;
  readonly kept: EdgeInput;
}

type Challenge = "dns-01" | "http-01" | "tls-alpn-01";
const federated = { domain: "fabrikam.example", partnerType: "Federated" } as const;
const edge = (accessEdge: Partial<EdgeInput["accessEdge"]>): EdgeInput => ({
  ...least,
  accessEdge: { ...least.accessEdge, ...accessEdge },
});
const certificate = (given: EdgeInput["certificate"]): EdgeInput => ({ ...least, certificate: given });
const policies = (accessPolicies: EdgeInput["accessPolicies"], rest: Partial<EdgeInput> = {}): EdgeInput => ({
  ...least,
  accessPolicies,
  ...rest,
});
const on = { enableFederationAccess: true, enableXmppAccess: true };
const longName = `${"a".repeat(40)}.${"b".repeat(20)}.contoso.example`;
const manyNames = (count: number) => Array.from({ length: count }, (_, index) => `n${index}.contoso.example`);

const inside = (given: Partial<Extract<NonNullable<EdgeInput["internal"]>, { kind: "xmpp" }>> = {}): EdgeInput => ({
  ...edge({ addresses: ["198.51.100.7"] }),
  internal: { kind: "xmpp", servers: [{ address: "10.0.20.5" }], pins: ["a".repeat(64)], ...given },
});

const challenged = (challenge: Challenge, more: Partial<EdgeInput> = {}): EdgeInput => ({
  ...certificate({ source: { kind: "acme", challenge } }),
  ...more,
});

const RULES: readonly Rule[] = [
  {
    says: "error address-duplicate accessEdge.addresses[1]",
    broken: edge({ addresses: ["2001:db8::1", "2001:DB8:0::1"] }),
    kept: edge({ addresses: ["2001:db8::1", "2001:db8::2"] }),
  },
  {
    says: "info address-documentation accessEdge.addresses[0]",
    broken: edge({ addresses: ["203.0.113.9"] }),
    kept: edge({ addresses: ["9.9.9.9"] }),
  },
  {
    says: "warning address-private accessEdge.addresses[0]",
    broken: edge({ addresses: ["10.1.2.3"] }),
    kept: edge({ addresses: ["11.1.2.3"] }),
  },
  {
    says: "error address-unusable accessEdge.addresses[0]",
    broken: edge({ addresses: ["::ffff:127.0.0.1"] }),
    kept: edge({ addresses: ["2606:4700::1"] }),
  },
  { says: "warning port-unusual accessEdge.port", broken: edge({ port: 5300 }), kept: edge({ port: 5269 }) },
  {
    says: "error domain-duplicate domains[1].name",
    broken: { ...least, domains: [{ name: "contoso.example" }, { name: "CONTOSO.example." }] },
    kept: { ...least, domains: [{ name: "contoso.example" }, { name: "it.contoso.example" }] },
  },
  {
    says: "error cut-over-without-legacy dns.cutOver",
    broken: { ...least, dns: { cutOver: true } },
    kept: { ...least, dns: { cutOver: true, legacyGateway: "old.contoso.example" } },
  },
  {
    says: "warning certificate-wildcard certificate.additionalNames[0]",
    broken: certificate({ additionalNames: ["*.contoso.example"] }),
    kept: certificate({ additionalNames: ["webcon.contoso.example"] }),
  },
  {
    says: "info certificate-name-derived certificate.additionalNames[0]",
    broken: certificate({ additionalNames: ["contoso.example"] }),
    kept: certificate({ additionalNames: ["sip.contoso.example"] }),
  },
  {
    says: "warning certificate-names-many certificate.additionalNames",
    broken: certificate({ additionalNames: manyNames(99) }),
    kept: certificate({ additionalNames: manyNames(98) }),
  },
  {
    says: "error certificate-names-many certificate.additionalNames",
    broken: certificate({ additionalNames: manyNames(99), source: { kind: "acme" } }),
    kept: certificate({ additionalNames: manyNames(98), source: { kind: "acme" } }),
  },
  {
    says: "warning acme-challenge-name-elsewhere domains[0].name",
    broken: challenged("http-01"),
    kept: challenged("dns-01"),
  },
  {
    says: "warning acme-challenge-name-elsewhere domains[0].name",
    broken: challenged("tls-alpn-01"),
    kept: challenged("tls-alpn-01", { domains: [{ name: least.accessEdge.fqdn }] }),
  },
  {
    says: "warning acme-challenge-name-elsewhere domains[0].sip",
    broken: challenged("http-01", { domains: [{ name: "contoso.example", sip: true }] }),
    kept: challenged("http-01"),
  },
  {
    says: "warning acme-challenge-name-elsewhere certificate.additionalNames[0]",
    broken: certificate({ additionalNames: ["web.contoso.example"], source: { kind: "acme", challenge: "http-01" } }),
    kept: certificate({ additionalNames: ["web.contoso.example"], source: { kind: "acme" } }),
  },
  {
    says: "error acme-challenge-wildcard certificate.additionalNames[0]",
    broken: certificate({ additionalNames: ["*.contoso.example"], source: { kind: "acme", challenge: "http-01" } }),
    kept: certificate({ additionalNames: ["*.contoso.example"], source: { kind: "acme", challenge: "dns-01" } }),
  },
  {
    says: "error acme-challenge-wildcard certificate.additionalNames[0]",
    broken: certificate({ additionalNames: ["*.contoso.example"], source: { kind: "acme", challenge: "tls-alpn-01" } }),
    kept: certificate({ additionalNames: ["*.contoso.example"], source: { kind: "request" } }),
  },
  {
    says: "error acme-challenge-port accessEdge.port",
    broken: { ...edge({ port: 80 }), certificate: { source: { kind: "acme", challenge: "http-01" } } },
    kept: { ...edge({ port: 80 }), certificate: { source: { kind: "acme", challenge: "tls-alpn-01" } } },
  },
  {
    says: "error acme-challenge-port accessEdge.directTlsPort",
    broken: { ...edge({ directTlsPort: 443 }), certificate: { source: { kind: "acme", challenge: "tls-alpn-01" } } },
    kept: { ...edge({ directTlsPort: 443 }), certificate: { source: { kind: "acme", challenge: "http-01" } } },
  },
  {
    says: "error acme-challenge-not-permitted certificate.source.issuer",
    broken: certificate({ source: { kind: "acme", issuer: "ca.example; validationmethods=http-01,tls-alpn-01" } }),
    kept: certificate({ source: { kind: "acme", issuer: "ca.example; validationmethods=http-01,dns-01" } }),
  },
  {
    says: "error certificate-common-name-long accessEdge.fqdn",
    broken: edge({ fqdn: longName }),
    kept: edge({ fqdn: longName.slice(20) }),
  },
  {
    says: "error certificate-source-subject certificate.organization",
    broken: certificate({ organization: "Contoso", source: { kind: "acme" } }),
    kept: certificate({ organization: "Contoso", source: { kind: "request" } }),
  },
  {
    says: "error certificate-source-subject certificate.country",
    broken: certificate({ country: "IT", source: { kind: "acm" } }),
    kept: certificate({ country: "IT", source: { kind: "lab" } }),
  },
  {
    says: "error certificate-source-key certificate.key.bits",
    broken: certificate({ key: { type: "RSA", bits: 4096 }, source: { kind: "acm" } }),
    kept: certificate({ key: { type: "ECDSA", bits: 384 }, source: { kind: "acm" } }),
  },
  {
    says: "error certificate-source-friendly-name certificate.friendlyName",
    broken: certificate({ friendlyName: "edge", source: { kind: "acm" } }),
    kept: certificate({ friendlyName: "edge", source: { kind: "imported" } }),
  },
  {
    says: "error partner-domain-local partners[0].domain",
    broken: withPartners({ ...federated, domain: "Contoso.example" }),
    kept: withPartners({ ...federated, domain: "sub.contoso.example" }),
  },
  {
    says: "error partner-domain-local partners[0].additionalDomains[1]",
    broken: withPartners({ ...federated, additionalDomains: ["it.fabrikam.example", "contoso.example"] }),
    kept: withPartners({ ...federated, additionalDomains: ["it.fabrikam.example"] }),
  },
  {
    says: "error partner-domain-duplicate partners[1].domain",
    broken: withPartners(
      { ...federated, additionalDomains: ["it.fabrikam.example"] },
      { domain: "it.fabrikam.example" },
    ),
    kept: withPartners({ ...federated, additionalDomains: ["it.fabrikam.example"] }, { domain: "de.fabrikam.example" }),
  },
  {
    says: "error partner-domain-duplicate partners[0].additionalDomains[0]",
    broken: withPartners({ ...federated, additionalDomains: ["fabrikam.example"] }),
    kept: withPartners({ ...federated, additionalDomains: ["fabrikam2.example"] }),
  },
  {
    says: "error partner-domain-duplicate partners[1].domain",
    broken: withPartners({ domain: "bücher.example" }, { domain: "xn--bcher-kva.example" }),
    kept: withPartners({ domain: "bücher.example" }, { domain: "bucher.example" }),
  },
  {
    says: "warning partner-domain-mixed-script partners[0].domain",
    broken: withPartners({ ...federated, domain: "pаypal.example" }), // the second letter is Cyrillic
    kept: withPartners({ ...federated, domain: "пример.example" }),
  },
  {
    says: "error reference-local-domain partners[0].localDomains[1]",
    broken: withPartners({ ...federated, localDomains: ["contoso.example", "other.example"] }),
    kept: withPartners({ ...federated, localDomains: ["contoso.example"] }),
  },
  {
    says: "warning connection-limit-low partners[0].connectionLimit",
    broken: withPartners({ ...federated, connectionLimit: 1 }),
    kept: withPartners({ ...federated, connectionLimit: 2 }),
  },
  {
    says: "warning connection-limit-low partners[0].domain",
    broken: { ...withPartners({ ...federated, additionalDomains: manyNames(10) }) },
    kept: { ...withPartners({ ...federated, additionalDomains: manyNames(9) }) },
  },
  {
    says: "error partner-proxy-self partners[0].proxyFqdn",
    broken: withPartners({ ...federated, proxyFqdn: "EDGE.contoso.example" }),
    kept: withPartners({ ...federated, proxyFqdn: "edge.fabrikam.example" }),
  },
  {
    says: "warning allowed-targets-wide partners[0].allowedTargets[0]",
    broken: withPartners({ ...federated, allowedTargets: ["169.254.0.0/16"] }),
    kept: withPartners({ ...federated, allowedTargets: ["10.20.0.0/16", "fd00:1::/64"] }),
  },
  {
    says: "warning allowed-targets-wide partners[0].allowedTargets[1]",
    broken: withPartners({ ...federated, allowedTargets: ["10.0.0.0/8", "::/0"] }),
    kept: withPartners({ ...federated, allowedTargets: ["10.0.0.0/8", "2001:db8::/32"] }),
  },
  {
    says: "error blocked-user-elsewhere partners[0].blockedUsers[1]",
    broken: withPartners({ ...federated, blockedUsers: ["eve@Fabrikam.example", "eve@elsewhere.example"] }),
    kept: withPartners({
      ...federated,
      additionalDomains: ["elsewhere.example"],
      blockedUsers: ["eve@fabrikam.example", "eve@elsewhere.example"],
    }),
  },
  {
    says: "error blocked-user-duplicate partners[0].blockedUsers[1]",
    broken: withPartners({ ...federated, blockedUsers: ["eve@fabrikam.example", "EVE@FABRIKAM.example"] }),
    kept: withPartners({ ...federated, blockedUsers: ["eve@fabrikam.example", "eva@fabrikam.example"] }),
  },
  {
    says: "error trust-anchor-unreadable partners[0].trustAnchors[0]",
    broken: withPartners({
      ...federated,
      trustAnchors: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
    }),
    kept: withPartners({ ...federated, trustAnchors: [CA_PEM] }),
  },
  {
    says: "warning trust-anchor-no-ca partners[0].trustAnchors[1]",
    broken: withPartners({ ...federated, trustAnchors: [CA_PEM, LEAF_PEM] }),
    kept: withPartners({ ...federated, trustAnchors: [CA_PEM, CA_PEM] }),
  },
  {
    says: "warning partner-revocation-inert partners[0].revocation",
    broken: withPartners({ ...federated, revocation: "hard", saslNegotiation: "NotSupported" }),
    kept: withPartners({ ...federated, revocation: "hard" }),
  },
  {
    says: "info partner-revocation-dialback partners[0].revocation",
    broken: withPartners({ ...federated, revocation: "soft", saslNegotiation: "Optional" }),
    kept: withPartners({ ...federated, revocation: "off", saslNegotiation: "Optional" }),
  },
  {
    says: "warning partner-proof-type-inert partners[0].proofType",
    broken: withPartners({ ...federated, proofType: "dane", saslNegotiation: "NotSupported" }),
    kept: withPartners({ ...federated, proofType: "pkix", saslNegotiation: "NotSupported" }),
  },
  {
    says: "info partner-proof-type-dialback partners[0].proofType",
    broken: withPartners({ ...federated, proofType: "dane", saslNegotiation: "Optional" }),
    kept: withPartners({ ...federated, proofType: "dane" }),
  },
  {
    says: "info partner-proof-type-anchors partners[0].trustAnchors",
    broken: withPartners({ ...federated, proofType: "dane", trustAnchors: [CA_PEM] }),
    kept: withPartners({ ...federated, proofType: "pkix", trustAnchors: [CA_PEM] }),
  },
  {
    says: "info partner-proof-type-anchors partners[0].trustAnchors",
    broken: withPartners({ ...federated, proofType: "posh", trustAnchors: [CA_PEM] }),
    kept: withPartners({ ...federated, proofType: "posh" }),
  },
  {
    says: "warning partner-proof-type-revocation partners[0].revocation",
    broken: withPartners({ ...federated, proofType: "posh", revocation: "hard" }),
    kept: withPartners({ ...federated, proofType: "dane", revocation: "hard" }),
  },
  {
    says: "warning partner-type-public-verified partners[0].partnerType",
    broken: withPartners({ domain: "fabrikam.example", partnerType: "PublicVerified" }),
    kept: withPartners({ domain: "fabrikam.example", partnerType: "PublicUnverified" }),
  },
  {
    says: "info partner-type-default partners[0].partnerType",
    broken: withPartners({ domain: "fabrikam.example" }),
    kept: withPartners({ domain: "fabrikam.example", partnerType: "PublicUnverified" }),
  },
  {
    says: "info access-policies-absent accessPolicies",
    broken: least,
    kept: policies({}),
  },
  {
    says: "error access-policy-xmpp-without-federation accessPolicies.global.enableXmppAccess",
    broken: policies({ global: { enableXmppAccess: true } }),
    kept: policies({ global: on }),
  },
  {
    says: "error access-policy-xmpp-without-federation accessPolicies.named.one.enableXmppAccess",
    broken: policies({ named: { one: { enableXmppAccess: true, enableFederationAccess: false } } }),
    kept: policies({ named: { one: { enableFederationAccess: true } } }),
  },
  {
    says: "error access-policy-name-reserved accessPolicies.named.__proto__",
    broken: policies({ named: JSON.parse('{ "__proto__": { "enableFederationAccess": true } }') }),
    kept: policies({ named: { constructor: on, toString: on } }),
  },
  {
    says: "error site-duplicate sites[1].name",
    broken: { ...least, sites: [{ name: "Redmond" }, { name: "Redmond" }] },
    kept: { ...least, sites: [{ name: "Redmond" }, { name: "Milano" }] },
  },
  {
    says: "error reference-policy sites[0].policy",
    broken: policies({ named: { one: on } }, { sites: [{ name: "Redmond", policy: "toString" }] }),
    kept: policies({ named: { one: on } }, { sites: [{ name: "Redmond", policy: "one" }] }),
  },
  {
    says: "error reference-policy users[0].policy",
    broken: { ...least, users: [{ address: "bob@contoso.example", policy: "one" }] },
    kept: policies({ named: { one: on } }, { users: [{ address: "bob@contoso.example", policy: "one" }] }),
  },
  {
    says: "error reference-site users[0].site",
    broken: { ...least, users: [{ address: "bob@contoso.example", site: "Redmond" }] },
    kept: { ...least, sites: [{ name: "Redmond" }], users: [{ address: "bob@contoso.example", site: "Redmond" }] },
  },
  {
    says: "error user-not-local users[0].address",
    broken: { ...least, users: [{ address: "bob@fabrikam.example" }] },
    kept: { ...least, users: [{ address: "bob@contoso.example" }] },
  },
  {
    says: "error user-not-local internal.users[0]",
    broken: { ...least, internal: { kind: "sandbox", users: ["bob@sub.contoso.example"] } },
    kept: { ...least, internal: { kind: "sandbox", users: ["bob@contoso.example"] } },
  },
  {
    says: "error user-duplicate users[1].address",
    broken: { ...least, users: [{ address: "bob@contoso.example" }, { address: "BOB@contoso.example" }] },
    kept: { ...least, users: [{ address: "bob@contoso.example" }, { address: "rob@contoso.example" }] },
  },
  {
    says: "warning user-survivable-branch users[0].site",
    broken: {
      ...least,
      sites: [{ name: "Branch", survivableBranch: true }],
      users: [{ address: "bob@contoso.example", site: "Branch" }],
    },
    // Whose policy forbids federation anyway loses nothing by the branch.
    kept: policies(
      {},
      {
        sites: [{ name: "Branch", survivableBranch: true }],
        users: [{ address: "bob@contoso.example", site: "Branch" }],
      },
    ),
  },
  {
    says: "warning not-built-yet internal.kind",
    broken: { ...least, internal: { kind: "sip" } },
    kept: { ...least, internal: { kind: "sandbox" } },
  },
  {
    says: "warning not-built-yet dns.tlsa",
    broken: { ...least, dns: { tlsa: true } },
    kept: { ...least, dns: { tlsa: false } },
  },
  {
    says: "warning not-built-yet internal.kind",
    broken: { ...least, internal: { kind: "sip" } },
    kept: inside(),
  },
  {
    says: "error internal-server-duplicate internal.servers[1].address",
    broken: inside({ servers: [{ address: "10.0.20.5" }, { address: "10.0.20.5", port: 5269 }] }),
    kept: inside({ servers: [{ address: "10.0.20.5" }, { address: "10.0.20.5", port: 5270 }] }),
  },
  {
    says: "error internal-server-unusable internal.servers[0].address",
    broken: inside({ servers: [{ address: "0.0.0.0" }] }),
    kept: inside({ servers: [{ address: "127.0.0.1", port: 5369 }] }),
  },
  {
    says: "error internal-server-is-edge internal.servers[0].address",
    broken: inside({ servers: [{ address: "198.51.100.7" }] }),
    kept: inside({ servers: [{ address: "198.51.100.7", port: 5369 }] }),
  },
  {
    says: "warning internal-server-public internal.servers[0].address",
    broken: inside({ servers: [{ address: "9.9.9.9" }] }),
    kept: inside({ servers: [{ address: "fd00::5" }] }),
  },
  {
    says: "warning internal-port-shared internal.port",
    broken: inside({ port: 5269 }),
    kept: inside({ port: 5300 }),
  },
  {
    says: "warning internal-server-trust internal",
    broken: { ...least, internal: { kind: "xmpp", servers: [{ address: "10.0.20.5" }] } },
    kept: inside(),
  },
  {
    says: "error trust-anchor-unreadable internal.trustAnchors[0]",
    broken: inside({ trustAnchors: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] }),
    kept: inside({ trustAnchors: [CA_PEM] }),
  },
  {
    says: "error direct-tls-port-missing dns.directTls",
    broken: { ...least, dns: { directTls: true } },
    kept: { ...edge({ directTlsPort: 5270 }), dns: { directTls: true } },
  },
  {
    says: "error direct-tls-port-taken accessEdge.directTlsPort",
    broken: { ...edge({ directTlsPort: 5269 }), dns: { directTls: true } },
    kept: { ...edge({ directTlsPort: 5270 }), dns: { directTls: true } },
  },
  {
    says: "info direct-tls-not-published accessEdge.directTlsPort",
    broken: edge({ directTlsPort: 5270 }),
    kept: { ...edge({ directTlsPort: 5270 }), dns: { directTls: true } },
  },
];

test("a certificate of more names than any has says how many it takes", () => {
  const told = (names: number) =>
    parseDefinition(certificate({ additionalNames: manyNames(names) })).findings.find(
      ({ id }) => id === "certificate-names-many",
    );
  expect(told(498)?.rule).toBe("public CAs put at most 100 names into a certificate");
  expect(told(499)).toMatchObject({
    severity: "warning",
    value: 501,
    rule: expect.stringContaining("need 2 certificates"),
    remedy: expect.stringContaining("over 2 edges (6 with a public CA)"),
  });
});

describe("rules across the definition", () => {
  test.each(RULES)("$says where broken, silence where kept", ({ says, broken, kept }) => {
    const told = (input: EdgeInput) => parseDefinition(input).findings.map(line);
    expect(told(broken)).toContain(says);
    expect(told(kept)).not.toContain(says);
    const isError = says.startsWith("error");
    if (isError) expect(parseDefinition(broken).definition).toBeUndefined();
    else expect(parseDefinition(broken).definition).toBeDefined();
    expect(parseDefinition(kept).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("each finding says what was found, the rule and the remedy", () => {
    const all: Finding[] = RULES.flatMap(({ broken }) => [...parseDefinition(broken).findings]);
    for (const finding of all) {
      expect(finding.rule).not.toBe("");
      expect(finding.remedy).not.toBe("");
      expect(finding.id).toMatch(/^[a-z][a-z-]+$/);
    }
  });
});

test.each(["request", "acme", "acm", "imported", "lab"])("the certificate source %s is not called unbuilt", (kind) => {
  const { findings } = parseDefinition({ ...least, certificate: { source: { kind } } });
  expect(findings.filter(({ id }) => id === "not-built-yet")).toEqual([]);
});
