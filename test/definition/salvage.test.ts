import { describe, expect, it, test } from "@jest/globals";
import { parseDefinition } from "../../src/definition";
import { found, least } from "./sample";

describe("everything is reported at once", () => {
  it("shape, unknown keys and rules together, at the places of the original", () => {
    expect(
      found({
        name: "contoso",
        accessEdge: { fqdn: "edge.contoso.example", port: "5269", addresses: ["127.0.0.1"] },
        domains: [{ name: "bad_name" }, { name: "contoso.example" }, { name: "contoso.example" }],
        partners: [
          { domain: "a.example", tlsNegotiation: "Requird", partnerType: "Federated" },
          { domain: "contoso.example", partnerType: "Federated" },
          { domain: "b.example", colour: "red", saslNegotiation: "NotSupported", supportDialbackNegotiation: false },
          { partnerType: "Federated" },
          { domain: "b.example", partnerType: "PublicVerified" },
        ],
      }),
    ).toEqual([
      "error type-wrong accessEdge.port",
      "error value-invalid domains[0].name",
      "error value-unknown partners[0].tlsNegotiation",
      "error key-unknown partners[2].colour",
      "error required partners[3].domain",
      "error address-unusable accessEdge.addresses[0]",
      "error domain-duplicate domains[2].name",
      "error negotiation-invalid partners[2]",
      "error partner-domain-local partners[1].domain",
      "error partner-domain-duplicate partners[4].domain",
      "warning partner-type-public-verified partners[4].partnerType",
      "info negotiation-dialback-inert partners[1]",
      "info negotiation-dialback-inert partners[4]",
      "info partner-type-default partners[2].partnerType",
      "info access-policies-absent accessPolicies",
    ]);
  });

  it("with required parts missing, the rest is still checked", () => {
    expect(found({ partners: [{ domain: "a.example" }, { domain: "a.example" }] })).toEqual(
      expect.arrayContaining([
        "error required name",
        "error required accessEdge",
        "error required domains",
        "error partner-domain-duplicate partners[1].domain",
      ]),
    );
  });

  it("with a bad entry that its list cannot spare, the other lists are still checked", () => {
    expect(
      found({ ...least, partners: [{ domain: "a.example", pins: ["x"] }, { domain: "contoso.example" }] }),
    ).toEqual(
      expect.arrayContaining([
        "error value-out-of-range partners[0].pins[0]",
        "error partner-domain-local partners[1].domain",
      ]),
    );
  });

  test.each<[string, unknown, string]>([
    [
      "a user of a domain that could not be read",
      { ...least, domains: [{ name: "contoso.example" }, { name: "x_y" }], users: [{ address: "a@other.example" }] },
      "user-not-local",
    ],
    [
      "a policy that could not be read",
      { ...least, accessPolicies: { global: { enableXmppAccess: true, enableFederationAccess: "yes" } } },
      "access-policy-xmpp-without-federation",
    ],
    [
      "a site that could not be read",
      { ...least, sites: [{ name: 5 }], users: [{ address: "a@contoso.example", site: "Redmond" }] },
      "reference-site",
    ],
    [
      "a legacy name that could not be read",
      { ...least, dns: { cutOver: true, legacyGateway: "x" } },
      "cut-over-without-legacy",
    ],
    ["an access policy that could not be read", { ...least, accessPolicies: 5 }, "access-policies-absent"],
  ])("and nobody is accused because of %s", (_, input, id) => {
    const { findings } = parseDefinition(input);
    expect(findings.some(({ severity }) => severity === "error")).toBe(true);
    expect(findings.map((finding) => finding.id)).not.toContain(id);
  });
});
