import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { StateBackend, type SynthesiseOptions, synthesise } from "xmpp-edge/constructs";
import { type Judgement, judge, RULES, readPlan } from "xmpp-edge/policy";
import { backendOf } from "../../src/offline/stack-copy";
import { terraformBinary } from "../../src/offline/terraform-binary";
import { tryOut } from "../../src/offline/trial";
import { contoso } from "../constructs/definitions";
import { buildStandIn } from "./build";
import { Terraform } from "./terraform";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const folders: string[] = [];
const newFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "plan-rules-"));
  folders.push(made);
  return made;
};
let bundle: string;

beforeAll(() => {
  bundle = join(newFolder(), "stand-in.cjs");
  buildStandIn(bundle);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const tried = (directory: string) =>
  tryOut({ directory, terraform: terraformBinary(), bundle, signal: new AbortController().signal });

async function judged(directory: string): Promise<Judgement & { readonly unsettled: readonly string[] }> {
  const { plan, applied, unsettled } = await tried(directory);
  return { ...judge(readPlan(plan, { backend: "local", standIn: true, applied }), RULES, [], NOW), unsettled };
}
const written = (resource: object, more: object = {}): string => {
  const folder = newFolder();
  const terraform = { required_providers: { aws: { source: "hashicorp/aws" } } };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform, resource, ...more }));
  return folder;
};

describe("a plan without a cloud", () => {
  const edge = (options: SynthesiseOptions = {}, changes: Parameters<typeof contoso>[0] = {}) =>
    dirname(synthesise(contoso(changes), join(newFolder(), "out"), options).file);

  test.each([
    ["an edge", {}, {}],
    [
      "an edge that is asked by its CA at port 80, with an image that was built here",
      {
        image: { layout: "build/image", programDigest: `sha256:${"a".repeat(64)}` },
        acme: { agreeTerms: true },
        backend: StateBackend.s3({ bucket: "states", region: "eu-central-1" }),
      },
      { certificate: { source: { kind: "acme", challenge: "http-01" } } },
    ],
  ] as const)("of %s keeps every rule, settles, and leaves no trace", async (_, options, changes) => {
    const directory = edge(options as SynthesiseOptions, changes as Parameters<typeof contoso>[0]);
    const before = readdirSync(directory, { recursive: true });
    expect(await judged(directory)).toEqual({ findings: [], kept: true, unsettled: [] });
    expect(readdirSync(directory, { recursive: true })).toEqual(before);
  });

  test("shows what Terraform refuses", async () => {
    const directory = written({ aws_eip: { edge: { domian: "vpc" } } });
    await expect(tried(directory)).rejects.toMatchObject({
      code: "terraform-refused",
      found: expect.stringMatching(/terraform validate refused the stack:[\s\S]*domian/),
    });
  });

  test("names the way out where another provider is not within reach", async () => {
    const directory = written({}, { terraform: { required_providers: { random: { source: "hashicorp/random" } } } });
    await expect(tried(directory)).rejects.toMatchObject({
      code: "terraform-refused",
      remedy: expect.stringMatching(/--providers DIRECTORY/),
    });
  });

  test("knows what else a stack uses of AWS than our own", async () => {
    const directory = written({ aws_sns_topic: { alarms: { name: "alarms" } } });
    expect(await judged(directory)).toMatchObject({ kept: true });
  });

  test("refuses a folder without Terraform", async () => {
    await expect(tried(newFolder())).rejects.toMatchObject({ code: "stack-unreadable" });
  });

  test.each([
    [{ local: { path: "x" } }, "local"],
    [{ s3: { bucket: "b", key: "k", region: "r" } }, "remote"],
  ])("reads the backend %j", (backend, kind) => {
    expect(backendOf(written({}, { terraform: { backend } }))).toBe(kind);
  });
});

test("a production init cannot find the stand-in", async () => {
  const directory = written({ aws_eip: { edge: { domain: "vpc" } } });
  await tried(directory);
  expect(existsSync(join(directory, ".terraform"))).toBe(false);
  expect(existsSync(join(directory, "terraform.d"))).toBe(false);
});

describe("rules over a plan", () => {
  const assume = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
  });
  const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

  test("name everything that is wrong with a careless stack", async () => {
    const { findings, kept } = await judged(
      written({
        aws_security_group: { open: { vpc_id: "vpc-1", ingress: [inline(22, 22, "0.0.0.0/0")] } },
        aws_vpc_security_group_ingress_rule: {
          half: { security_group_id: "sg-1", ip_protocol: "6", from_port: 1, to_port: 65535, cidr_ipv4: "0.0.0.0/1" },
          all6: { security_group_id: "sg-1", ip_protocol: "-1", cidr_ipv6: "::/0" },
          some: {
            security_group_id: "sg-1",
            ip_protocol: "tcp",
            from_port: 22,
            to_port: 22,
            cidr_ipv4: "198.51.100.7/32",
          },
        },
        aws_iam_role: { host: { name: "host", assume_role_policy: assume } },
        aws_iam_role_policy: {
          wide: {
            role: "host",
            policy: policy(
              { Effect: "Allow", Action: "s3:*", Resource: "*" },
              { Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
              { Effect: "Deny", Action: "*", Resource: "*" },
            ),
          },
        },
        aws_instance: {
          host: {
            ami: "ami-1",
            user_data: "#!/bin/sh\npodman run --rm \\\n  registry.example/xmpp-edge:latest \\\n  run /etc/x\n",
            metadata_options: [{ http_tokens: "optional", http_put_response_hop_limit: 2 }],
            root_block_device: [{ encrypted: false }],
          },
        },
        aws_ebs_volume: { data: { availability_zone: "eu-central-1a", size: 1 } },
        aws_s3_bucket: { list: { bucket: "list" } },
        aws_s3_object: { key: { bucket: "list", key: "key", content: "-----BEGIN PRIVATE KEY-----\nMIIE" } },
      }),
    );
    expect(kept).toBe(false);
    expect(findings.map(({ rule, address }) => `${rule} ${address}`).sort()).toEqual([
      "bucket-private aws_s3_bucket.list",
      "disk-encrypted aws_ebs_volume.data",
      "disk-encrypted aws_instance.host",
      "image-by-digest aws_instance.host",
      "instance-metadata-v2 aws_instance.host",
      "instance-metadata-v2 aws_instance.host",
      "key-material aws_s3_object.key",
      "port-open-to-world aws_security_group.open",
      "port-open-to-world aws_vpc_security_group_ingress_rule.all6",
      "port-open-to-world aws_vpc_security_group_ingress_rule.half",
      "wildcard-right aws_iam_role_policy.wide",
      "wildcard-right aws_iam_role_policy.wide",
    ]);
    expect(JSON.stringify(findings)).not.toContain("MIIE");
    expect(findings.every(({ remedy }) => remedy.length > 20)).toBe(true);
  });

  const inline = (from_port: number, to_port: number, range: string) => ({
    description: "",
    protocol: "tcp",
    from_port,
    to_port,
    cidr_blocks: [range],
    ipv6_cidr_blocks: [],
    prefix_list_ids: [],
    security_groups: [],
    self: false,
  });
});

describe("a plan of what is deployed", () => {
  let base: string;
  let folder: string;
  const address = { aws_eip: { edge: { domain: "vpc" } } };
  beforeAll(async () => {
    base = written({
      ...address,
      aws_ebs_volume: { data: { availability_zone: "eu-central-1a", encrypted: true, size: 10 } },
    });
    await (await Terraform.in(base)).apply();
  });
  const replanned = async (resource: object): Promise<Terraform> => {
    folder = newFolder();
    cpSync(base, folder, { recursive: true, verbatimSymlinks: true });
    const terraform = { required_providers: { aws: { source: "hashicorp/aws" } } };
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform, resource }));
    return Terraform.resumed(folder);
  };

  test.each([
    ["deletes the volume", address, "deletes the volume, which holds contacts and queued messages", "delete"],
    [
      "replaces the volume",
      { ...address, aws_ebs_volume: { data: { availability_zone: "eu-central-1b", encrypted: true, size: 10 } } },
      "replaces the volume, which holds contacts and queued messages",
      "delete create",
    ],
  ])("that %s is refused, unless that is waived until a day", async (_, resource, found, actions) => {
    const terraform = await replanned(resource);
    const [change] = await terraform.plan();
    expect(change!.actions.join(" ")).toBe(actions);
    const plan = readPlan(await terraform.planJson(), { backend: "local", standIn: false });
    const waiver = {
      rule: "kept-for-good",
      address: "aws_ebs_volume.*",
      reason: "the edge moves",
      until: "2026-06-01",
    };
    expect(judge(plan, RULES, [], NOW)).toMatchObject({ kept: false, findings: [{ rule: "kept-for-good", found }] });
    expect(judge(plan, RULES, [waiver], NOW)).toMatchObject({
      kept: true,
      findings: [{ rule: "kept-for-good", severity: "info", waived: { until: "2026-06-01" } }],
    });
    expect(judge(plan, RULES, [waiver], NOW + 86_400_000)).toMatchObject({
      kept: false,
      findings: [{ rule: "kept-for-good" }, { rule: "waiver-stale", severity: "warning" }],
    });
  });

  test("with the stand-in's values in a state that others reach is refused", async () => {
    const terraform = await replanned({ ...address });
    await terraform.plan();
    const json = await terraform.planJson();
    const rules = (backend: "local" | "remote" | "unknown") =>
      judge(readPlan(json, { backend, standIn: false }), RULES, [], NOW).findings.map(
        ({ rule, found }) => `${rule}: ${found}`,
      );
    expect(rules("remote")).toContainEqual("stand-in-values: an address of 203.0.113.0/24");
    expect(rules("unknown")).toContainEqual("stand-in-values: account 123456789012");
    expect(rules("local").filter((text) => text.startsWith("stand-in"))).toEqual([]);
  });
});
