import { describe, expect, it, test } from "@jest/globals";
import { formatPath, parseDefinition } from "../../src/definition";
import { least } from "./sample";

const only = (input: unknown) => {
  const errors = parseDefinition(input).findings.filter(({ severity }) => severity === "error");
  expect(errors).toHaveLength(1);
  return errors[0]!;
};

describe("unknown keys are refused with the nearest known one", () => {
  test.each([
    ["domians", "domains", { ...least, domians: [] }],
    ["accessEdge.fdqn", "fqdn", { ...least, accessEdge: { ...least.accessEdge, fdqn: "x" } }],
    ["domains[0].nmae", "name", { ...least, domains: [{ name: "contoso.example", nmae: "x" }] }],
    ["certificate.organisation", "organization", { ...least, certificate: { organisation: "x" } }],
    ["certificate.key.bit", "bits", { ...least, certificate: { key: { type: "RSA", bit: 2048 } } }],
    ["certificate.source.isuer", "issuer", { ...least, certificate: { source: { kind: "request", isuer: "x" } } }],
    [
      "partners[0].tlsNegotation",
      "tlsNegotiation",
      { ...least, partners: [{ domain: "a.example", tlsNegotation: "x" }] },
    ],
    ["gateway.keepaliveIntervall", "keepAliveInterval", { ...least, gateway: { keepaliveIntervall: 5 } }],
    ["accessPolicies.globl", "global", { ...least, accessPolicies: { globl: {} } }],
    [
      "accessPolicies.global.enableXmpAccess",
      "enableXmppAccess",
      { ...least, accessPolicies: { global: { enableXmpAccess: true } } },
    ],
    [
      "accessPolicies.named.one.enableXmpAccess",
      "enableXmppAccess",
      { ...least, accessPolicies: { named: { one: { enableXmpAccess: true } } } },
    ],
    ["sites[0].survivalBranch", "survivableBranch", { ...least, sites: [{ name: "a", survivalBranch: true }] }],
    ["users[0].adress", "address", { ...least, users: [{ address: "a@contoso.example", adress: "x" }] }],
    ["internal.user", "users", { ...least, internal: { kind: "sandbox", user: [] } }],
    ["dns.tttl", "ttl", { ...least, dns: { kind: "route53", tttl: 5 } }],
  ])("%s: did you mean %s?", (path, known, input) => {
    const finding = only(input);
    expect(finding.id).toBe("key-unknown");
    expect(formatPath(finding.path)).toBe(path);
    expect(finding.remedy).toBe(`did you mean ${known}?`);
  });

  it("lists what is known where nothing is near", () => {
    expect(only({ ...least, zzzzzzzzzzzz: 1 }).remedy).toMatch(
      /^remove it; known here: \$schema, name, revision, accessEdge/,
    );
  });
});

describe("values of a wrong shape", () => {
  test.each<[string, unknown, string, string]>([
    ["(root)", null, "type-wrong", "must be an object"],
    ["(root)", [], "type-wrong", "must be an object"],
    ["name", { ...least, name: 5 }, "type-wrong", "must be a text"],
    ["name", { ...least, name: "Contoso" }, "value-out-of-range", "must be a short name"],
    [
      "accessEdge.port",
      { ...least, accessEdge: { ...least.accessEdge, port: 0 } },
      "value-out-of-range",
      "must be at least 1",
    ],
    [
      "accessEdge.port",
      { ...least, accessEdge: { ...least.accessEdge, port: 65_536 } },
      "value-out-of-range",
      "must be at most 65535",
    ],
    [
      "accessEdge.port",
      { ...least, accessEdge: { ...least.accessEdge, port: 1.5 } },
      "type-wrong",
      "must be a whole number",
    ],
    [
      "accessEdge.fqdn",
      { ...least, accessEdge: { fqdn: "edge" } },
      "value-invalid",
      "is not a fully qualified host name",
    ],
    [
      "accessEdge.addresses[0]",
      { ...least, accessEdge: { ...least.accessEdge, addresses: ["1.2.3"] } },
      "value-invalid",
      "is not an IPv4 or IPv6 address",
    ],
    [
      "accessEdge.addresses[0]",
      { ...least, accessEdge: { ...least.accessEdge, addresses: ["fe80::1%eth0"] } },
      "value-invalid",
      "is not an IPv4 or IPv6 address",
    ],
    [
      "partners[0].blockedUsers",
      { ...least, partners: [{ domain: "b.example", blockedUsers: Array(1001).fill("eve@b.example") }] },
      "value-out-of-range",
      "must be a list of at most 1000 entries",
    ],
    [
      "partners[0].blockedUsers[0]",
      { ...least, partners: [{ domain: "b.example", blockedUsers: ["eve@b.example/phone"] }] },
      "value-invalid",
      "is not an address user@domain",
    ],
    ["domains", { ...least, domains: [] }, "value-out-of-range", "must be a list of at least 1 entry"],
    ["domains", { ...least, domains: "contoso.example" }, "type-wrong", "must be a list"],
    ["domains[0].name", { ...least, domains: [{ name: "192.0.2.1" }] }, "value-invalid", "is not a domain name"],
    ["domains[0].name", { ...least, domains: [{ name: "a b.example" }] }, "value-invalid", "is not a domain name"],
    [
      "domains[0].name",
      { ...least, domains: [{ name: "x".repeat(2000) }] },
      "value-out-of-range",
      "must be a text of at most 1024",
    ],
    [
      "certificate.key.bits",
      { ...least, certificate: { key: { type: "RSA", bits: 1024 } } },
      "value-unknown",
      "must be one of 2048, 3072, 4096",
    ],
    [
      "certificate.key.bits",
      { ...least, certificate: { key: { type: "ECDSA", bits: 521 } } },
      "value-unknown",
      "must be one of 256, 384",
    ],
    [
      "certificate.key.type",
      { ...least, certificate: { key: { type: "DSA" } } },
      "value-unknown",
      "must be one of RSA, ECDSA",
    ],
    [
      "certificate.country",
      { ...least, certificate: { country: "Italy" } },
      "value-out-of-range",
      "must be two capital letters",
    ],
    [
      "certificate.organization",
      { ...least, certificate: { organization: "a\nb" } },
      "value-out-of-range",
      "must be a text of one line",
    ],
    [
      "certificate.source.kind",
      { ...least, certificate: { source: { kind: "acmee" } } },
      "value-unknown",
      "must be one of request, acme",
    ],
    [
      "certificate.source.issuer",
      { ...least, certificate: { source: { issuer: 'a" 0 issue "b' } } },
      "value-out-of-range",
      "must be a CA's name",
    ],
    [
      "certificate.source.directory",
      { ...least, certificate: { source: { kind: "acme", directory: "http://ca.example/" } } },
      "value-out-of-range",
      "must be a valid URL",
    ],
    ["partners[0].domain", { ...least, partners: [{}] }, "required", "domain is required"],
    ["partners[0]", { ...least, partners: ["fabrikam.example"] }, "type-wrong", "must be an object"],
    [
      "partners[0].tlsNegotiation",
      { ...least, partners: [{ domain: "a.example", tlsNegotiation: "required" }] },
      "value-unknown",
      "must be one of Required, Optional, NotSupported",
    ],
    [
      "partners[0].pins[0]",
      { ...least, partners: [{ domain: "a.example", pins: ["AB"] }] },
      "value-out-of-range",
      "must be SHA-256",
    ],
    [
      "partners[0].allowedTargets[0]",
      { ...least, partners: [{ domain: "a.example", allowedTargets: ["10.0.0.0/33"] }] },
      "value-invalid",
      "is not an address range",
    ],
    ["gateway.connectionLimit", { ...least, gateway: { connectionLimit: "1000" } }, "type-wrong", "must be a number"],
    [
      "gateway.keepAliveInterval",
      { ...least, gateway: { keepAliveInterval: 9 } },
      "value-out-of-range",
      "must be at least 10",
    ],
    ["internal.kind", { ...least, internal: { kind: "sandbx" } }, "value-unknown", "must be one of sandbox, xmpp, sip"],
    [
      "internal.users[0]",
      { ...least, internal: { kind: "sandbox", users: ["alice"] } },
      "value-invalid",
      "is not an address user@domain",
    ],
    [
      "internal.users[0]",
      { ...least, internal: { kind: "sandbox", users: ["a@contoso.example/x"] } },
      "value-invalid",
      "is not an address user@domain",
    ],
    [
      "dns.kind",
      { ...least, dns: { kind: "zonefile" } },
      "value-unknown",
      "must be one of route53, rfc2136, zone-file",
    ],
    ["dns.ttl", { ...least, dns: { ttl: -1 } }, "value-out-of-range", "must be at least 0"],
  ])("%s (%j): %s, %s…", (path, input, id, rule) => {
    const finding = only(input);
    expect(formatPath(finding.path)).toBe(path);
    expect(finding.id).toBe(id);
    expect(finding.rule.slice(0, rule.length)).toBe(rule);
    expect(finding.remedy).not.toBe("");
  });

  test.each([
    ["Requird", "did you mean Required?"],
    ["NotSuported", "did you mean NotSupported?"],
    ["yes", "write one of Required, Optional, NotSupported"],
  ])("an enumeration's slip %s: %s", (tlsNegotiation, remedy) => {
    expect(only({ ...least, partners: [{ domain: "a.example", tlsNegotiation }] }).remedy).toBe(remedy);
  });
});

describe("a path", () => {
  test.each([
    [[], "(root)"],
    [["partners", 3, "tlsNegotiation"], "partners[3].tlsNegotiation"],
    [["accessPolicies", "named", "partners-on"], 'accessPolicies.named["partners-on"]'],
    [["a\u0007b"], '["a\\u0007b"]'],
  ])("%j is written %s", (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});
