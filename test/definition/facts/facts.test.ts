import { describe, expect, it, test } from "@jest/globals";
import {
  certificateNames,
  dnsRecords,
  type EdgeInput,
  expectedProbes,
  facts,
  firewallRules,
  gatewayDocument,
  localRun,
  partnerPolicy,
  zoneLine,
} from "../../../src/definition";
import { least, valid } from "../sample";

const rich: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: "edge.contoso.example", addresses: ["198.51.100.7", "2001:db8::7"] },
  domains: [{ name: "contoso.example", sip: true }, { name: "it.contoso.example" }, { name: "other.example" }],
  certificate: {
    organization: "Contoso",
    country: "IT",
    additionalNames: ["webcon.contoso.example", "contoso.example"],
    source: { kind: "request", issuer: "ca.example" },
  },
  partners: [
    {
      domain: "fabrikam.example",
      additionalDomains: ["it.fabrikam.example"],
      partnerType: "Federated",
      localDomains: ["contoso.example"],
      connectionLimit: 7,
    },
    {
      domain: "plain.example",
      partnerType: "Federated",
      tlsNegotiation: "NotSupported",
      saslNegotiation: "NotSupported",
    },
    {
      domain: "plain2.example",
      partnerType: "Federated",
      tlsNegotiation: "NotSupported",
      saslNegotiation: "NotSupported",
    },
  ],
  internal: { kind: "sandbox", users: ["alice@contoso.example"] },
  dns: { ttl: 300, priority: 5, weight: 9, caa: true },
};
const definition = valid(rich);

describe("DNS records", () => {
  it("are the SRV record of every domain, the Access Edge's addresses, and CAA where asked for", () => {
    expect(dnsRecords(definition).map(zoneLine)).toEqual([
      "_xmpp-server._tcp.contoso.example. 300 IN SRV 5 9 5269 edge.contoso.example.",
      "_xmpp-server._tcp.it.contoso.example. 300 IN SRV 5 9 5269 edge.contoso.example.",
      "_xmpp-server._tcp.other.example. 300 IN SRV 5 9 5269 edge.contoso.example.",
      "edge.contoso.example. 300 IN A 198.51.100.7",
      "edge.contoso.example. 300 IN AAAA 2001:db8::7",
      'contoso.example. 300 IN CAA 0 issue "ca.example"',
      'it.contoso.example. 300 IN CAA 0 issue "ca.example"',
      'other.example. 300 IN CAA 0 issue "ca.example"',
      'edge.contoso.example. 300 IN CAA 0 issue "ca.example"',
    ]);
  });

  it("go, without a declared zone, into the longest local domain that holds them, else the parent", () => {
    expect(dnsRecords(definition).map(({ zone }) => zone)).toEqual([
      "contoso.example",
      "it.contoso.example",
      "other.example",
      "contoso.example",
      "contoso.example",
      "contoso.example",
      "it.contoso.example",
      "other.example",
      "contoso.example",
    ]);
    const outside = valid({ ...least, accessEdge: { fqdn: "edge.hosting.example", addresses: ["9.9.9.9"] } });
    expect(dnsRecords(outside).at(-1)?.zone).toBe("hosting.example");
    const declared = valid({ ...least, domains: [{ name: "xmpp.contoso.example" }], dns: { zone: "contoso.example" } });
    expect(dnsRecords(declared)[0]?.zone).toBe("contoso.example");
  });

  it("have the SRV records of direct TLS too, where they are asked for", () => {
    const direct = { accessEdge: { fqdn: "edge.contoso.example", directTlsPort: 5270 }, dns: { directTls: true } };
    expect(dnsRecords(valid({ ...least, ...direct })).map(zoneLine)).toEqual([
      "_xmpp-server._tcp.contoso.example. 3600 IN SRV 0 0 5269 edge.contoso.example.",
      "_xmpps-server._tcp.contoso.example. 3600 IN SRV 0 0 5270 edge.contoso.example.",
    ]);
    const { accessEdge } = direct;
    expect(dnsRecords(valid({ ...least, accessEdge })).map(({ owner }) => owner)).toEqual([
      "_xmpp-server._tcp.contoso.example",
    ]);
  });

  it("are the plain SRV record where nothing more is declared", () => {
    expect(dnsRecords(valid()).map(zoneLine)).toEqual([
      "_xmpp-server._tcp.contoso.example. 3600 IN SRV 0 0 5269 edge.contoso.example.",
    ]);
  });
});

describe("certificate names", () => {
  it("are subject, local domains, ticked sip names and additional ones, each once and with its reason", () => {
    expect(certificateNames(definition)).toEqual({
      subject: { commonName: "edge.contoso.example", organization: "Contoso", country: "IT" },
      names: [
        { name: "edge.contoso.example", reason: "Access Edge FQDN, the subject" },
        { name: "contoso.example", reason: "local XMPP domain" },
        { name: "it.contoso.example", reason: "local XMPP domain" },
        { name: "other.example", reason: "local XMPP domain" },
        { name: "sip.contoso.example", reason: "SIP name of contoso.example" },
        { name: "webcon.contoso.example", reason: "additional name" },
      ],
    });
  });

  it("have every sip name where the inner side is SIP, unless one is unticked", () => {
    const sip = valid({
      ...least,
      domains: [{ name: "a.example" }, { name: "b.example", sip: false }],
      internal: { kind: "sip" },
    });
    expect(certificateNames(sip).names.map(({ name }) => name)).toEqual([
      "edge.contoso.example",
      "a.example",
      "b.example",
      "sip.a.example",
    ]);
  });
});

describe("the firewall", () => {
  it("lets in 5269 and what path MTU discovery needs, in both families, and nothing else", () => {
    const inward = firewallRules(definition).filter(({ direction }) => direction === "in");
    expect(inward.map(({ protocol, ports, peers }) => [protocol, ...ports, ...peers])).toEqual([
      ["tcp", 5269, 5269, "0.0.0.0/0", "::/0"],
      ["icmp", 3, 4, "0.0.0.0/0"],
      ["icmpv6", 2, 0, "::/0"],
    ]);
  });

  it("lets in direct TLS where the edge listens for it, published or not", () => {
    const accessEdge = { fqdn: "edge.contoso.example", directTlsPort: 5270 };
    const rule = firewallRules(valid({ ...least, accessEdge })).find(({ id }) => id === "s2s-direct-tls-in");
    expect(rule).toMatchObject({ direction: "in", protocol: "tcp", ports: [5270, 5270], peers: ["0.0.0.0/0", "::/0"] });
    expect(gatewayDocument(valid({ ...least, accessEdge })).accessEdge.directTlsPort).toBe(5270);
  });

  it("lets our own XMPP server in at the inner port, and nobody else", () => {
    const servers = [
      { address: "10.0.20.5" },
      { address: "fd00::5", port: 5270 },
      { address: "10.0.20.5", port: 5270 },
    ];
    const inside = valid({ ...least, internal: { kind: "xmpp", servers, pins: ["a".repeat(64)] } });
    const rules = firewallRules(inside).filter(({ id }) => id === "internal-in");
    expect(rules).toEqual([
      expect.objectContaining({
        direction: "in",
        protocol: "tcp",
        ports: [5271, 5271],
        peers: ["10.0.20.5/32", "fd00::5/128"],
      }),
    ]);
    // A compiled document says as much.
    const { accessEdge, internal } = gatewayDocument(inside);
    expect(firewallRules({ accessEdge, internal, certificate: inside.certificate })).toEqual(firewallRules(inside));
  });

  test.each([
    ["http-01", 80],
    ["tls-alpn-01", 443],
  ] as const)("lets the CA in for %s, at %i, in both families", (challenge, port) => {
    const source = { kind: "acme", challenge } as const;
    const rules = firewallRules(valid({ ...least, certificate: { source } }));
    expect(rules.filter(({ id }) => id === "acme-in")).toEqual([
      expect.objectContaining({ direction: "in", protocol: "tcp", ports: [port, port], peers: ["0.0.0.0/0", "::/0"] }),
    ]);
  });

  it("lets nobody in for dns-01, which is the default", () => {
    for (const source of [{ kind: "acme" }, { kind: "acme", challenge: "dns-01" }, { kind: "request" }] as const)
      expect(firewallRules(valid({ ...least, certificate: { source } })).map(({ id }) => id)).not.toContain("acme-in");
  });
});

describe("the gateway document", () => {
  const document = gatewayDocument(definition);

  it("holds each partner's row, methods and limit", () => {
    expect(document).toMatchObject({ format: "xmpp-edge-gateway", version: 1, localDomains: expect.any(Array) });
    expect(document.partners[0]).toEqual({
      domain: "fabrikam.example",
      domains: ["fabrikam.example", "it.fabrikam.example"],
      localDomains: ["contoso.example"],
      partnerType: "Federated",
      tls: "Required",
      sasl: "Required",
      dialback: true,
      methods: ["sasl-over-tls"],
      keepAlive: true,
      connectionLimit: 7,
    });
    expect(document.partners[1]).toMatchObject({ methods: ["tcp-dialback"], connectionLimit: 20 });
  });

  it("is plain data: what JSON makes of it is the same", () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it("gives the policy of a domain pair at once, and of no other", () => {
    const policy = partnerPolicy(document);
    expect(policy.row("contoso.example", "it.fabrikam.example")).toBe(document.partners[0]);
    expect(policy.row("other.example", "it.fabrikam.example")).toBeUndefined();
    expect(policy.row("other.example", "plain.example")).toBe(document.partners[1]);
    expect(policy.row("stranger.example", "plain.example")).toBeUndefined();
    expect(policy.partner("it.fabrikam.example")).toBe(document.partners[0]);
    for (const name of ["stranger.example", "__proto__", "constructor", ""]) {
      expect(policy.partner(name)).toBeUndefined();
      expect(policy.row("contoso.example", name)).toBeUndefined();
    }
  });
});

describe("expected probes", () => {
  it("say for each domain what is offered to how many partners", () => {
    const [contoso, , other] = expectedProbes(definition);
    expect(contoso?.offers).toEqual([
      { row: 1, starttls: "required", methods: ["sasl-over-tls"], partners: 1 },
      { row: 17, starttls: "absent", methods: ["tcp-dialback"], partners: 2 },
    ]);
    expect(other).toMatchObject({
      domain: "other.example",
      host: "edge.contoso.example",
      port: 5269,
      certificateName: "other.example",
    });
    expect(other?.offers.map(({ row }) => row)).toEqual([17]);
  });
});

describe("all facts", () => {
  it("are a pure function: equal for equal definitions, whatever the order of keys", () => {
    const reversed = Object.fromEntries(Object.entries(rich).reverse()) as EdgeInput;
    expect(JSON.stringify(facts(valid(reversed)))).toBe(JSON.stringify(facts(definition)));
    expect(facts(definition)).toEqual(facts(definition));
  });

  it("do not change the definition", () => {
    const before = JSON.stringify(definition);
    facts(definition);
    localRun(definition, { address: "127.0.0.2", port: 5300 });
    expect(JSON.stringify(definition)).toBe(before);
  });

  test("of a local run differ by address and port only", () => {
    const local = localRun(definition, { address: "127.0.0.2", port: 5300 });
    expect(local.dns.records.map(zoneLine)).toContain("edge.contoso.example. 300 IN A 127.0.0.2");
    expect(local.dns.records.map(zoneLine)[0]).toBe(
      "_xmpp-server._tcp.contoso.example. 300 IN SRV 5 9 5300 edge.contoso.example.",
    );
    expect(local.certificate).toEqual(facts(definition).certificate);
    expect(local.gateway.partners).toEqual(facts(definition).gateway.partners);
  });
});
