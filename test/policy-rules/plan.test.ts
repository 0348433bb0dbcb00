import { describe, expect, test } from "@jest/globals";
import { judge, PlanError, type PlanRule, RULES, readPlan, type Waiver } from "../../src/policy-rules";

const SOURCE = { backend: "unknown", standIn: false } as const;
interface Resource {
  readonly type: string;
  readonly after?: object | null;
  readonly before?: object;
  readonly unknown?: object;
  readonly actions?: readonly string[];
}
const plan = (...resources: readonly Resource[]) =>
  readPlan(
    {
      format_version: "1.2",
      resource_changes: resources.map(({ type, after = {}, before, unknown = {}, actions = ["create"] }, at) => ({
        address: `${type}.r${at}`,
        mode: "managed",
        type,
        change: { actions, before: before ?? null, after, after_unknown: unknown },
      })),
    },
    SOURCE,
  );
const found = (...resources: readonly Resource[]) =>
  judge(plan(...resources), RULES, [], 0).findings.map(
    ({ rule, severity, found: text }) => `${severity} ${rule}: ${text}`,
  );

const document = (port: number, challenge?: string): Resource => ({
  type: "aws_s3_object",
  after: {
    content: JSON.stringify({
      format: "xmpp-edge-gateway",
      accessEdge: { port },
      ...(challenge !== undefined && { certificate: { source: "acme", challenge } }),
    }),
  },
});
const open = (ip_protocol: string, from_port: number, to_port: number, range: object = { cidr_ipv4: "0.0.0.0/0" }) => ({
  type: "aws_vpc_security_group_ingress_rule",
  after: { ip_protocol, from_port, to_port, ...range },
});

describe("what the world reaches", () => {
  test.each([
    ["the gateway's port", [document(5269), open("tcp", 5269, 5269)]],
    ["the gateway's port by number, in IPv6", [document(5269), open("6", 5269, 5269, { cidr_ipv6: "::/0" })]],
    ["path MTU discovery", [document(5269), open("icmp", 3, 4), open("58", 2, 0, { cidr_ipv6: "::/0" })]],
    ["the CA's port with its challenge", [document(5269, "http-01"), open("tcp", 80, 80)]],
    ["some addresses at any port", [open("tcp", 22, 22, { cidr_ipv4: "198.51.100.0/24" })]],
  ])("may be %s", (_, resources) => {
    expect(found(...resources)).toEqual([]);
  });

  test.each([
    ["another port", [document(5269), open("tcp", 22, 22)], "tcp 22-22 from 0.0.0.0/0"],
    ["a range around the port", [document(5269), open("tcp", 5268, 5270)], "tcp 5268-5270 from 0.0.0.0/0"],
    [
      "half the world",
      [document(5269), open("tcp", 22, 22, { cidr_ipv4: "128.0.0.0/1" })],
      "tcp 22-22 from 128.0.0.0/1",
    ],
    ["every kind of ICMP", [document(5269), open("icmp", -1, -1)], "icmp -1--1 from 0.0.0.0/0"],
    ["the CA's port without its challenge", [document(5269), open("tcp", 80, 80)], "tcp 80-80 from 0.0.0.0/0"],
    ["the gateway's port, where no gateway is", [open("tcp", 5269, 5269)], "tcp 5269-5269 from 0.0.0.0/0"],
    ["everything", [document(5269), open("-1", 0, 0, { cidr_ipv6: "::/0" })], "everything 0-0 from ::/0"],
  ])("may not be %s", (_, resources, text) => {
    expect(found(...resources)).toEqual([`error port-open-to-world: ${text}`]);
  });

  test("is not judged where the range is not known yet, and that is said", () => {
    const unknown = { ...open("tcp", 22, 22, {}), unknown: { cidr_ipv4: true } };
    expect(found(unknown)).toEqual(["info port-open-to-world: cidr_ipv4 not known yet"]);
  });
});

describe("rights", () => {
  const role = (...Statement: object[]): Resource => ({
    type: "aws_iam_role_policy",
    after: { policy: JSON.stringify({ Version: "2012-10-17", Statement }) },
  });
  const allow = (Action: string | string[], Resource: string, more: object = {}) => ({
    Effect: "Allow",
    Action,
    Resource,
    ...more,
  });

  test.each([
    ["one thing", allow("s3:GetObject", "arn:aws:s3:::b/k")],
    ["an action that has no resource", allow(["ecr:GetAuthorizationToken"], "*")],
    ["the streams of one log", allow("logs:PutLogEvents", "arn:aws:logs:r:1:log-group:/x:log-stream:*")],
    ["changes that Route 53 will name", allow("route53:GetChange", "arn:aws:route53:::change/*")],
    [
      "metrics of one namespace",
      allow("cloudwatch:PutMetricData", "*", { Condition: { StringEquals: { "cloudwatch:namespace": "x" } } }),
    ],
    ["a denial of everything", { Effect: "Deny", Action: "*", Resource: "*" }],
  ])("may be on %s", (_, statement) => {
    expect(found(role(statement))).toEqual([]);
  });

  test.each([
    ["every action", allow("s3:*", "arn:aws:s3:::b/k"), "Action s3:*"],
    ["every resource", allow("s3:GetObject", "*"), "s3:GetObject on every resource"],
    ["all of a kind", allow("s3:GetObject", "arn:aws:s3:::b/*"), "Resource arn:aws:s3:::b/*"],
    [
      "the streams of every log",
      allow("logs:PutLogEvents", "arn:aws:logs:r:1:log-group:*:log-stream:*"),
      "Resource arn:aws:logs:r:1:log-group:*:log-stream:*",
    ],
    [
      "metrics of every namespace",
      allow("cloudwatch:PutMetricData", "*"),
      "cloudwatch:PutMetricData on every resource",
    ],
    [
      "all actions but some",
      { Effect: "Allow", NotAction: "iam:*", Resource: "arn:aws:s3:::b/k" },
      "NotAction: all rights but some",
    ],
  ])("may not be on %s", (_, statement, text) => {
    expect(found(role(statement))).toEqual([`error wildcard-right: ${text}`]);
  });

  test("may not be an administrator's", () => {
    const after = { policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" };
    expect(found({ type: "aws_iam_role_policy_attachment", after })).toEqual([
      expect.stringMatching(/^error wildcard-right/),
    ]);
  });
});

describe("keys", () => {
  const key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n";
  test.each([
    [
      "in user data",
      {
        type: "aws_instance",
        after: {
          user_data: key,
          root_block_device: [{ encrypted: true }],
          metadata_options: [{ http_tokens: "required" }],
        },
      },
    ],
    ["in Base64", { type: "aws_x", after: { data: Buffer.from(key).toString("base64") } }],
    ["made by Terraform", { type: "tls_private_key" }],
    ["in a secret that is written out", { type: "aws_secretsmanager_secret_version", after: { secret_string: "x" } }],
    ["in a parameter", { type: "aws_ssm_parameter", after: { type: "SecureString", value: "x" } }],
    ["in what is there already", { type: "aws_x", actions: ["no-op"], before: { deep: [{ text: key }] } }],
  ])("are found %s, and not shown", (_, resource) => {
    const all = found(resource as Resource);
    expect(all.some((text) => text.startsWith("error key-material"))).toBe(true);
    expect(all.join()).not.toContain("MHcC");
  });

  test("are not seen in a certificate", () => {
    expect(found({ type: "aws_x", after: { pem: key.replaceAll("EC PRIVATE KEY", "CERTIFICATE") } })).toEqual([]);
  });
});

describe("images", () => {
  const host = (user_data: string): Resource => ({
    type: "aws_instance",
    after: { user_data, root_block_device: [{ encrypted: true }], metadata_options: [{ http_tokens: "required" }] },
  });
  test.each([
    ["by digest", `podman run --rm \\\n  registry.example:5000/a/b@sha256:${"a".repeat(64)} \\\n  run s3://b/k`],
    ["that nobody runs", "# see registry.example/x:latest"],
  ])("%s pass", (_, text) => {
    expect(found(host(text))).toEqual([]);
  });
  test.each([["registry.example/a/b:latest"], ["registry.example/a/b"], ["localhost:5000/b:1"]])(
    "%s does not",
    (image) => {
      const [first] = found(host(`#!/bin/sh\ndocker run \\\n --rm \\\n ${image} run\n`));
      expect(first).toBe(`error image-by-digest: the image ${image}`);
    },
  );
});

describe("a plan", () => {
  test.each([
    ["nothing", null],
    ["a state", { format_version: "1.0", values: {} }],
    ["another format", { format_version: "2.0", resource_changes: [] }],
    ["a change of nothing", { format_version: "1.2", resource_changes: [{}] }],
  ])("is not %s", (_, json) => {
    expect(() => readPlan(json, SOURCE)).toThrow(PlanError);
  });
});

describe("waivers", () => {
  const rule: PlanRule = {
    id: "never",
    severity: "error",
    title: "",
    remedy: "",
    check: () => ["a.b", "a.c[0].b"].map((address) => ({ address, found: "", expected: "" })),
  };
  const day = Date.parse("2026-06-01T23:59:59Z");
  const waiver = (address: string, until = "2026-06-01"): Waiver => ({
    rule: "never",
    address,
    reason: "a reason",
    until,
  });
  const kept = (address: string, until?: string) => judge(plan(), [rule], [waiver(address, until)], day).kept;

  test.each([
    ["*", true],
    ["a.*", true],
    ["a*b", true],
    ["a.b", false],
    ["b*", false],
    ["a.c*", false],
  ])("%s covers both: %s", (address, both) => {
    expect(kept(address)).toBe(both);
  });

  test("end after their last day", () => {
    expect(kept("*", "2026-06-01")).toBe(true);
    expect(kept("*", "2026-05-31")).toBe(false);
  });

  test("that let nothing pass are told of", () => {
    const { findings } = judge(plan(), [], [waiver("x.y")], day);
    expect(findings).toMatchObject([{ rule: "waiver-stale", severity: "warning", remedy: "remove it" }]);
  });
});
