import { describe, expect, test } from "@jest/globals";
import { type EdgeInput, facts, parseDefinition } from "../../../src/definition";
import { awsEffects } from "../../../src/definition/diff/aws-effects";
import { definitionDiff } from "../../../src/definition/diff/definition-diff";

const EDGE: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: "xmpp.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example" }, { name: "sales.contoso.example" }],
  partners: [{ domain: "fabrikam.example", partnerType: "Federated", tlsNegotiation: "Optional" }],
  internal: { kind: "sandbox", users: ["alice@contoso.example"] },
  certificate: { source: { kind: "acm" } },
};

function factsOf(input: EdgeInput) {
  const { definition, findings } = parseDefinition(input);
  if (definition === undefined) throw new Error(findings.map(({ rule }) => rule).join("; "));
  return facts(definition);
}
const withPartner = (more: object): EdgeInput => ({ ...EDGE, partners: [{ ...EDGE.partners![0]!, ...more }] });
const pin = "a".repeat(64);

/** Effects and words of what another definition changes. */
function changes(after: EdgeInput, before: EdgeInput = EDGE): string[] {
  return definitionDiff(factsOf(before), factsOf(after)).map(({ effect, text }) => `${effect}: ${text}`);
}

describe("what another definition changes, in words", () => {
  test("a user blocked no more", () => {
    const blocked = (...blockedUsers: string[]) => withPartner({ blockedUsers });
    expect(
      changes(blocked("eve@fabrikam.example"), blocked("eve@fabrikam.example", "mallory@fabrikam.example")),
    ).toEqual(["grants: fabrikam.example: mallory@fabrikam.example is blocked no more"]);
  });

  test("nothing, where it says the same in another order", () => {
    const { name, ...rest } = EDGE;
    expect(changes({ ...rest, name })).toEqual([]);
  });

  test.each<[string, EdgeInput, (string | RegExp)[]]>([
    [
      "a new partner",
      { ...EDGE, partners: [...EDGE.partners!, { domain: "new.example", additionalDomains: ["it.new.example"] }] },
      [
        "grants: new.example with it.new.example may federate with every domain of ours: PublicUnverified, by SASL over TLS",
      ],
    ],
    ["a partner less", { ...EDGE, partners: [] }, [/^revokes: fabrikam\.example may federate no more/]],
    [
      "less trust",
      withPartner({ partnerType: "PublicVerified" }),
      ["revokes: fabrikam.example: Federated becomes PublicVerified: its users see no status notes any more"],
    ],
    [
      "still less",
      withPartner({ partnerType: "PublicUnverified" }),
      [/^revokes: .*the others' presence is withdrawn$/],
    ],
    [
      "TLS for all",
      withPartner({ tlsNegotiation: "Required" }),
      [/^revokes: .*TLS dialback.*TCP dialback.* not allowed any more/, /^neutral: .*TLS Optional becomes Required/],
    ],
    [
      "one of our domains only",
      withPartner({ localDomains: ["contoso.example"] }),
      ["revokes: fabrikam.example: may talk to contoso.example alone now"],
    ],
    [
      "a pin, of which a hash is said",
      withPartner({ pins: [pin] }),
      [`revokes: fabrikam.example: its certificate must have one of 1 pinned keys (sha256:${pin.slice(0, 16)})`],
    ],
    [
      "a user blocked",
      withPartner({ blockedUsers: ["Eve@fabrikam.example"] }),
      ["revokes: fabrikam.example: eve@fabrikam.example is blocked: reaches nobody here, nor is reached"],
    ],
    [
      "revoked certificates",
      withPartner({ revocation: "hard" }),
      ["revokes: fabrikam.example: revoked certificates: refused, and so is one of which nothing is known"],
    ],
    [
      "proof by TLSA records",
      withPartner({ proofType: "dane" }),
      ["neutral: fabrikam.example: its certificates are proved by its TLSA records (DANE) now, and not by anchors"],
    ],
    [
      "proof by a POSH document",
      withPartner({ proofType: "posh" }),
      ["neutral: fabrikam.example: its certificates are proved by its POSH document now, and not by anchors"],
    ],
    [
      "a lower limit",
      withPartner({ connectionLimit: 3 }),
      [/^neutral: .*at most 3 streams, not 20; those that stand stay$/],
    ],
    ["a timer", { ...EDGE, gateway: { keepAliveInterval: 60 } }, ["neutral: gateway.keepAliveInterval 300 becomes 60"]],
    [
      "users",
      { ...EDGE, internal: { kind: "sandbox", users: ["bob@contoso.example"] } },
      [
        "grants: bob@contoso.example can be reached",
        "revokes: alice@contoso.example can be reached no more; their presence is withdrawn",
      ],
    ],
    [
      "a server of our own instead of the sandbox",
      { ...EDGE, internal: { kind: "xmpp", servers: [{ address: "10.0.20.5" }], pins: [pin] } },
      [
        "neutral: inside answers xmpp, not sandbox",
        "revokes: alice@contoso.example can be reached no more; their presence is withdrawn",
        "neutral: the firewall lets in tcp 5271 10.0.20.5/32 through",
      ],
    ],
    [
      "an access policy",
      { ...EDGE, accessPolicies: { global: {} } },
      [/^revokes: everyone without a rule of their own may not use XMPP federation any more/],
    ],
    [
      "a user's policy",
      {
        ...EDGE,
        accessPolicies: {
          global: { enableFederationAccess: true, enableXmppAccess: true },
          named: { inside: {} },
        },
        users: [{ address: "alice@contoso.example", policy: "inside" }],
      },
      [/^revokes: alice@contoso\.example may not use XMPP federation any more \(user policy inside/],
    ],
    [
      "a domain less: its records and its names too",
      { ...EDGE, domains: [{ name: "contoso.example" }] },
      [
        /^revokes: sales\.contoso\.example is not served any more/,
        /^neutral: _xmpp-server\._tcp\.sales\.contoso\.example\. .* is published no more$/,
        "neutral: the certificate needs sales.contoso.example no more",
      ],
    ],
    [
      "another address",
      { ...EDGE, accessEdge: { ...EDGE.accessEdge, addresses: ["198.51.100.8"] } },
      [
        "neutral: accessEdge.addresses 198.51.100.7 becomes 198.51.100.8",
        /^neutral: xmpp\.contoso\.example\. 3600 IN A 198\.51\.100\.8 in place of .* 198\.51\.100\.7$/,
      ],
    ],
  ])("%s", (_name, after, words) => {
    const found = changes(after);
    expect(found).toHaveLength(words.length);
    words.forEach((word, index) => {
      if (typeof word === "string") expect(found[index]).toBe(word);
      else expect(found[index]).toMatch(word);
    });
  });

  test("no certificate of an anchor is told, a hash of it is", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nSECRETLOOKINGTEXT\n-----END CERTIFICATE-----";
    const { gateway } = factsOf(EDGE);
    const [row] = gateway.partners;
    const anchored = { ...factsOf(EDGE), gateway: { ...gateway, partners: [{ ...row!, trustAnchors: [pem] }] } };
    const [change] = definitionDiff(factsOf(EDGE), anchored);
    expect(change?.text).toMatch(/1 of its own \(sha256:[0-9a-f]{16}\), not to the gateway's own anchors/);
    expect(change?.text).not.toContain("SECRET");
  });

  test("what has to be started again is marked", () => {
    const after = factsOf({ ...EDGE, accessEdge: { ...EDGE.accessEdge, port: 5270 } });
    const found = definitionDiff(factsOf(EDGE), after);
    expect(found.filter(({ restart }) => restart).map(({ subject }) => subject)).toEqual(["accessEdge.port"]);
  });
});

describe("what a change means on AWS", () => {
  const effects = (after: EdgeInput) => {
    const [old, now] = [factsOf(EDGE), factsOf(after)];
    return awsEffects(old, now, definitionDiff(old, now)).map(({ resource, action }) => `${action} ${resource}`);
  };

  test.each<[string, EdgeInput, string[]]>([
    ["nothing", EDGE, []],
    ["a partner: one object, nothing restarts", { ...EDGE, partners: [] }, ["update gateway document in S3"]],
    [
      "a domain: its records, and the exported certificate by whose ARN the instance is started",
      { ...EDGE, domains: [{ name: "contoso.example" }] },
      ["update gateway document in S3", "update Route 53 records", "replace ACM certificate", "replace instance"],
    ],
    [
      "the port",
      { ...EDGE, accessEdge: { ...EDGE.accessEdge, port: 5270 } },
      ["update gateway document in S3", "update Route 53 records", "update security group rules", "replace instance"],
    ],
  ])("%s", (_name, after, expected) => {
    expect(effects(after)).toEqual(expected);
  });
});
