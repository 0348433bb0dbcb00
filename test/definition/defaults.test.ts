import { describe, expect, it } from "@jest/globals";
import { asWritten, DefinitionError, defineEdge, facts, parseDefinition } from "../../src/definition";
import { least, valid, withPartners } from "./sample";

describe("what is left out", () => {
  it("is, for a partner, what New-CsXmppAllowedPartner gives", () => {
    const [partner] = valid(withPartners({ domain: "fabrikam.example" })).partners;
    expect(partner).toEqual({
      domain: "fabrikam.example",
      additionalDomains: [],
      partnerType: "PublicUnverified",
      tlsNegotiation: "Required",
      saslNegotiation: "Required",
      supportDialbackNegotiation: true,
      enableKeepAlive: true,
      allowSaslWithoutTls: false,
    });
  });

  it("is, for the gateway, what Set-CsXmppGatewayConfiguration has", () => {
    expect(valid().gateway).toEqual({
      connectionLimit: 1000,
      partnerConnectionLimit: 20,
      keepAliveInterval: 300,
      streamEstablishmentTimeout: 60,
      streamInactivityTimeout: 600,
      subscriptionRefreshInterval: 28_800,
      enableLoggingAllMessageBodies: false,
    });
  });

  it("is, for a policy, off", () => {
    const { accessPolicies } = valid({ ...least, accessPolicies: { named: { one: {} } } });
    const off = { enableFederationAccess: false, enableXmppAccess: false };
    expect(accessPolicies).toEqual({ global: off, named: { one: off } });
  });

  it("is, for the rest, what the design says", () => {
    const definition = valid();
    expect(definition.accessEdge).toMatchObject({ port: 5269, addresses: [], takesOver: false });
    expect(definition.certificate).toEqual({
      key: { type: "RSA", bits: 2048 },
      exportableKey: false,
      additionalNames: [],
      source: { kind: "request" },
    });
    expect(definition.dns).toEqual({
      kind: "zone-file",
      ttl: 3600,
      priority: 0,
      weight: 0,
      tlsa: false,
      caa: false,
      directTls: false,
      cutOver: false,
      ownerAliases: false,
    });
    expect(definition.internal).toBeUndefined();
    expect(definition.accessPolicies).toBeUndefined();
  });

  it("includes the kind of what has a usual kind", () => {
    expect(valid({ ...least, dns: { ttl: 60 } }).dns).toMatchObject({ kind: "zone-file", ttl: 60 });
    expect(valid({ ...least, certificate: { key: { bits: 4096 } } }).certificate.key).toEqual({
      type: "RSA",
      bits: 4096,
    });
    expect(valid({ ...least, certificate: { source: { issuer: "ca.example" } } }).certificate.source).toEqual({
      kind: "request",
      issuer: "ca.example",
    });
  });
});

describe("names and addresses", () => {
  it("come out in the one form in which they are compared", () => {
    const definition = valid({
      ...least,
      accessEdge: { fqdn: "Edge.CONTOSO.example.", addresses: ["2001:DB8:0:0::0001", "198.51.100.7"] },
      domains: [{ name: "Bücher.Example" }],
      certificate: { additionalNames: ["*.BÜCHER.example"] },
      partners: [{ domain: "FABRIKAM.example" }],
      internal: { kind: "sandbox", users: ["Alice@BÜCHER.example"] },
    });
    expect(definition.accessEdge).toMatchObject({
      fqdn: "edge.contoso.example",
      addresses: ["2001:db8::1", "198.51.100.7"],
    });
    expect(definition.domains[0]?.name).toBe("xn--bcher-kva.example");
    expect(definition.certificate.additionalNames).toEqual(["*.xn--bcher-kva.example"]);
    expect(definition.partners[0]?.domain).toBe("fabrikam.example");
    expect(definition.internal).toMatchObject({ users: ["alice@xn--bcher-kva.example"] });
  });
});

describe("defineEdge", () => {
  it("is idempotent: a definition defines itself", () => {
    const once = defineEdge({
      ...withPartners({ domain: "FABRIKAM.example" }, { domain: "bücher.example", tlsNegotiation: "Optional" }),
      dns: { caa: true },
    });
    const twice = defineEdge(once);
    expect(twice).toEqual(once);
    expect(facts(twice)).toEqual(facts(once));
  });

  it("remembers what was written, so that an omitted partner type is still told", () => {
    const written = withPartners({ domain: "fabrikam.example" });
    const definition = defineEdge(written);
    expect(asWritten(definition)).toBe(written);
    expect(JSON.stringify(definition)).not.toContain("written");
    const ids = (value: unknown) => parseDefinition(value).findings.map(({ id }) => id);
    expect(ids(asWritten(definition))).toContain("partner-type-default");
    expect(ids(definition)).not.toContain("partner-type-default");
  });

  it("leaves what it did not make as it is", () => {
    for (const value of [null, undefined, 5, "text", { a: 1 }]) expect(asWritten(value)).toBe(value);
  });

  it("throws everything at once, with a stable code", () => {
    const broken = () =>
      defineEdge({
        ...withPartners({ domain: "contoso.example" }),
        name: "No Name",
        accessEdge: { fqdn: "edge.contoso.example", addresses: ["127.0.0.1"] },
      });
    let thrown: unknown;
    try {
      broken();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DefinitionError);
    expect(thrown).toMatchObject({ code: "definition-invalid", name: "DefinitionError" });
    expect((thrown as DefinitionError).issues.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["value-out-of-range", "address-unusable", "partner-domain-local"]),
    );
    expect((thrown as Error).message).toMatch(/^the definition has 3 errors:\n {2}name: /);
  });
});
