import { describe, expect, test } from "@jest/globals";
import { facts } from "xmpp-edge";
import { PartnerList, type PartnerListProps, type PolicyStatement } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { type Stack, synthesised } from "./synthesised";

const document = facts(contoso()).gateway;

const placed = (props: Partial<PartnerListProps> = {}): Stack =>
  synthesised((stack) => new PartnerList(stack, "partners", { document, ...props }));

const bucketPolicy = (stack: Stack): PolicyStatement[] =>
  JSON.parse(String(stack.only("aws_s3_bucket_policy").policy)).Statement;

describe("the partner list", () => {
  test("is the facts' gateway document", () => {
    const object = placed().only("aws_s3_object");
    expect(JSON.parse(String(object.content))).toEqual(document);
    expect(object).toMatchObject({ key: "gateway-document.json", content_type: "application/json" });
  });

  test("is private, encrypted and versioned before it is there", () => {
    const stack = placed();
    expect(stack.only("aws_s3_bucket_public_access_block")).toMatchObject({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(stack.only("aws_s3_bucket_ownership_controls")).toMatchObject({
      rule: { object_ownership: "BucketOwnerEnforced" },
    });
    expect(stack.only("aws_s3_bucket_versioning")).toMatchObject({ versioning_configuration: { status: "Enabled" } });
    expect(stack.only("aws_s3_bucket_server_side_encryption_configuration")).toMatchObject({
      rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }],
    });
    const before = stack.only("aws_s3_object").depends_on as string[];
    expect(before.map((address) => address.split(".")[0]).sort()).toEqual([
      "aws_s3_bucket_ownership_controls",
      "aws_s3_bucket_policy",
      "aws_s3_bucket_server_side_encryption_configuration",
      "aws_s3_bucket_versioning",
    ]);
  });

  test("may be written by the deploying role alone", () => {
    const stack = placed();
    const denial = bucketPolicy(stack).find(({ Sid }) => Sid === "OnlyTheDeployerWrites")!;
    expect(denial).toMatchObject({ Effect: "Deny", Principal: "*" });
    expect(denial.Action).toEqual(["s3:PutObject*", "s3:DeleteObject*", "s3:Replicate*", "s3:RestoreObject"]);
    expect(denial.Condition!.ArnNotEquals!["aws:PrincipalArn"]).toEqual([
      expect.stringMatching(/^\$\{data\.aws_iam_session_context\.\w+\.issuer_arn\}$/),
    ]);
    expect(stack.only("data.aws_iam_session_context").arn).toMatch(/^\$\{data\.aws_caller_identity\.\w+\.arn\}$/);
  });

  test("may be written by the roles that are named, and then by no other", () => {
    const writers = ["arn:aws:iam::123456789012:role/plan", "arn:aws:iam::123456789012:role/apply"];
    const stack = placed({ writers });
    const denial = bucketPolicy(stack).find(({ Sid }) => Sid === "OnlyTheDeployerWrites")!;
    expect(denial.Condition).toEqual({ ArnNotEquals: { "aws:PrincipalArn": writers } });
    expect(stack.all("data.aws_caller_identity")).toEqual([]);
  });

  test("is not reached without TLS", () => {
    const denial = bucketPolicy(placed()).find(({ Sid }) => Sid === "OnlyOverTls")!;
    expect(denial).toMatchObject({
      Effect: "Deny",
      Action: ["s3:*"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
    expect(denial.Resource).toHaveLength(2);
  });

  test("reading it takes this one object", () => {
    let granted: readonly PolicyStatement[] = [];
    const allowed: PolicyStatement[] = [];
    synthesised((stack) => {
      granted = new PartnerList(stack, "partners", { document }).grantRead({
        allow: (...more) => void allowed.push(...more),
      });
    });
    expect(granted).toEqual(allowed);
    expect(granted).toHaveLength(1);
    expect(granted[0]).toMatchObject({ Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectVersion"] });
    expect(granted[0]!.Resource).toMatch(/\/gateway-document\.json$/);
  });

  test.each([
    ["retain", true, false],
    ["destroy", false, true],
  ] as const)("removal %s", (removal, prevent_destroy, force_destroy) => {
    expect(placed({ removal }).only("aws_s3_bucket")).toMatchObject({ lifecycle: { prevent_destroy }, force_destroy });
  });
});
