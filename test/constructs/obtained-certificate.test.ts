import { describe, expect, test } from "@jest/globals";
import { TerraformStack, Testing } from "cdktf";
import { EdgeCertificate, GatewayImage, type PolicyStatement, XmppEdge } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { synthesised } from "./synthesised";

const ZONE_IDS = { "contoso.example": "Z1", "fabrikam.example": "Z2" };
const KEY = "route53:ChangeResourceRecordSets";

/** What a certificate grants, by the statement's name. */
function granted(make: (stack: TerraformStack) => EdgeCertificate): ReadonlyMap<string, PolicyStatement> {
  const allowed: PolicyStatement[] = [];
  const stack = new TerraformStack(Testing.app(), "test");
  expect(make(stack).grantObtain({ allow: (...more) => void allowed.push(...more) })).toEqual(allowed);
  return new Map(allowed.map((statement) => [statement.Sid, statement]));
}

describe("a certificate from an ACME CA", () => {
  const definition = contoso({
    domains: [{ name: "contoso.example", sip: true }, { name: "fabrikam.example" }],
    partners: [],
    certificate: { source: { kind: "acme" }, additionalNames: ["*.contoso.example"] },
  });
  const acme = (stack: TerraformStack) => EdgeCertificate.acme(stack, "certificate", { definition, zoneIds: ZONE_IDS });

  test("lets the host change TXT records of the challenges' names, and nothing else", () => {
    const statements = granted(acme);
    expect([...statements.keys()]).toEqual(["AnswerChallenges", "ReadChallengeZones", "FindZones", "AwaitChanges"]);
    const change = statements.get("AnswerChallenges")!;
    expect(change.Action).toEqual([KEY]);
    expect(change.Resource).toEqual([
      expect.stringMatching(/^arn:\$\{.*\}:route53:::hostedzone\/Z1$/),
      expect.stringMatching(/^arn:\$\{.*\}:route53:::hostedzone\/Z2$/),
    ]);
    expect(change.Condition).toEqual({
      "ForAllValues:StringEquals": {
        [`${KEY}NormalizedRecordNames`]: [
          "_acme-challenge.sip.contoso.example",
          "_acme-challenge.contoso.example",
          "_acme-challenge.fabrikam.example",
        ],
        [`${KEY}RecordTypes`]: ["TXT"],
        [`${KEY}Actions`]: ["CREATE", "DELETE"],
      },
      Null: {
        [`${KEY}NormalizedRecordNames`]: "false",
        [`${KEY}RecordTypes`]: "false",
        [`${KEY}Actions`]: "false",
      },
    });
    const changing = [...statements.values()].filter(({ Action }) =>
      Action.some((one) => /Change[^"]*Sets$/.test(one)),
    );
    expect(changing).toEqual([change]);
  });

  test("keeps to the zone that the challenges are delegated to", () => {
    const statements = granted((stack) =>
      EdgeCertificate.acme(stack, "certificate", {
        definition,
        challenges: { zoneId: "ZCHALLENGES", names: ["contoso.acme.example"] },
      }),
    );
    const change = statements.get("AnswerChallenges")!;
    expect(change.Resource).toEqual([expect.stringMatching(/hostedzone\/ZCHALLENGES$/)]);
    expect(change.Condition!["ForAllValues:StringEquals"]).toMatchObject({
      [`${KEY}NormalizedRecordNames`]: ["contoso.acme.example"],
    });
  });

  test("needs no right on AWS where the definition publishes elsewhere", () => {
    const elsewhere = contoso({ certificate: { source: { kind: "acme" } }, dns: { kind: "zone-file" } });
    expect(granted((stack) => EdgeCertificate.acme(stack, "certificate", { definition: elsewhere })).size).toBe(0);
  });

  test.each([
    ["http-01", 80],
    ["tls-alpn-01", 443],
  ] as const)("needs no right on AWS with %s, but a way in at port %i", (challenge, port) => {
    const answered = contoso({ certificate: { source: { kind: "acme", challenge } } });
    const certificate = (stack: TerraformStack) =>
      EdgeCertificate.acme(stack, "certificate", { definition: answered, zoneIds: ZONE_IDS });
    expect(granted(certificate).size).toBe(0);
    const stack = synthesised(
      (scope) =>
        void new XmppEdge(scope, "edge", { definition: answered, image: GatewayImage.example(), zoneIds: ZONE_IDS }),
    );
    const rules = stack.all("aws_vpc_security_group_ingress_rule");
    expect(rules.filter(({ from_port }) => from_port === port)).toHaveLength(2); // IPv4 and IPv6
  });

  test("refuses a zone for challenges with a challenge that has none", () => {
    const answered = contoso({ certificate: { source: { kind: "acme", challenge: "http-01" } } });
    const stack = new TerraformStack(Testing.app(), "test");
    const challenges = { zoneId: "ZCHALLENGES", names: ["contoso.acme.example"] };
    const make = () => EdgeCertificate.acme(stack, "certificate", { definition: answered, challenges });
    expect(make).toThrow(/challenges.*http-01/);
  });

  test("is refused where its names do not fit a role's policy", () => {
    const label = "a".repeat(60);
    const long = contoso({
      certificate: {
        source: { kind: "acme" },
        additionalNames: Array.from({ length: 90 }, (_, at) => `${label}.n${at}.contoso.example`),
      },
    });
    const stack = new TerraformStack(Testing.app(), "test");
    const make = () => EdgeCertificate.acme(stack, "certificate", { definition: long, zoneIds: ZONE_IDS });
    expect(make).toThrow(/92 certificate names.*give challenges/);
  });

  test("is what an edge has whose definition says so, and its host gets the right", () => {
    const stack = synthesised((scope) => {
      const edge = new XmppEdge(scope, "edge", { definition, image: GatewayImage.example(), zoneIds: ZONE_IDS });
      expect(edge.certificate.certificateArn).toBeUndefined();
    });
    expect(stack.only("aws_iam_role_policy").policy).toContain('"Sid":"AnswerChallenges"');
  });
});

describe("an exportable certificate", () => {
  const definition = contoso({
    domains: [{ name: "contoso.example" }, { name: "fabrikam.example" }],
    partners: [],
    certificate: { source: { kind: "acm" } },
  });
  const exportable = (stack: TerraformStack) =>
    EdgeCertificate.exportable(stack, "certificate", { definition, zoneIds: ZONE_IDS });

  test("asks ACM for the definition's names, with a key that may leave", () => {
    const stack = synthesised((scope) => void exportable(scope));
    expect(stack.only("aws_acm_certificate")).toMatchObject({
      domain_name: "sip.contoso.example",
      subject_alternative_names: ["contoso.example", "fabrikam.example"],
      key_algorithm: "RSA_2048",
      validation_method: "DNS",
      options: { export: "ENABLED" },
      lifecycle: { create_before_destroy: true },
    });
  });

  test.each([
    [{ type: "ECDSA", bits: 256 } as const, "EC_prime256v1"],
    [{ type: "ECDSA", bits: 384 } as const, "EC_secp384r1"],
  ])("with a key of %j", (key, algorithm) => {
    const changed = contoso({ certificate: { source: { kind: "acm" }, key } });
    const stack = synthesised(
      (scope) => void EdgeCertificate.exportable(scope, "certificate", { definition: changed, zoneIds: ZONE_IDS }),
    );
    expect(stack.only("aws_acm_certificate").key_algorithm).toBe(algorithm);
  });

  test("is proved by a record for each name, in the name's own zone", () => {
    const stack = synthesised((scope) => void exportable(scope));
    const records = stack.all("aws_route53_record").map(({ zone_id, name }) => ({
      zone_id,
      of: /trimprefix\(key, \\?"\*\.\\?"\) == \\?"([^"\\]+)/.exec(String(name))?.[1],
    }));
    expect(records).toEqual([
      { zone_id: "Z1", of: "contoso.example" },
      { zone_id: "Z2", of: "fabrikam.example" },
      { zone_id: "Z1", of: "sip.contoso.example" },
    ]);
    expect(stack.only("aws_acm_certificate_validation").validation_record_fqdns).toHaveLength(3);
  });

  test("may be exported by the host once it is issued, and no other", () => {
    const statements = granted(exportable);
    expect([...statements.values()]).toEqual([
      {
        Sid: "ExportCertificate",
        Effect: "Allow",
        Action: ["acm:DescribeCertificate", "acm:ExportCertificate"],
        Resource: expect.stringMatching(/^\$\{.*\}$/),
      },
    ]);
  });

  test("is refused where the stack cannot answer ACM", () => {
    const elsewhere = contoso({ certificate: { source: { kind: "acm" } }, dns: { kind: "zone-file" } });
    const stack = new TerraformStack(Testing.app(), "test");
    expect(() => EdgeCertificate.exportable(stack, "certificate", { definition: elsewhere })).toThrow(
      /dns\.kind zone-file.*EdgeCertificate\.fromArn/,
    );
  });
});

test("an imported certificate makes nothing on AWS and grants nothing", () => {
  const stack = synthesised((scope) => {
    const certificate = EdgeCertificate.imported(scope, "certificate");
    expect(certificate.grantObtain({ allow: () => expect(true).toBe(false) })).toEqual([]);
    expect(certificate.certificateArn).toBeUndefined();
    expect(certificate.requestFile).toBeUndefined();
  });
  expect(JSON.parse(stack.json).resource).toBeUndefined();
});
