import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Terraform } from "./terraform";

/** Terraform's own expression for a value of another object. */
const value = (expression: string): string => `\${${expression}}`;

const network = {
  aws_vpc: { edge: { cidr_block: "10.20.0.0/24", assign_generated_ipv6_cidr_block: true } },
  aws_subnet: {
    edge: { vpc_id: value("aws_vpc.edge.id"), cidr_block: "10.20.0.0/26", availability_zone: "eu-central-1a" },
  },
  aws_network_interface: { edge: { subnet_id: value("aws_subnet.edge.id"), ipv6_address_count: 1 } },
  aws_eip: { edge: { domain: "vpc" } },
};
const host = (ami: string, user_data: string) => ({
  ...network,
  aws_instance: {
    edge: {
      ami,
      instance_type: "t4g.small",
      user_data,
      user_data_replace_on_change: true,
      primary_network_interface: [{ network_interface_id: value("aws_network_interface.edge.id") }],
    },
  },
});

describe("terraform on the stand-in provider", () => {
  let folder: string;
  const write = (resource: object, more: object = {}): void =>
    writeFileSync(
      join(folder, "main.tf.json"),
      JSON.stringify({
        terraform: { required_providers: { aws: { source: "hashicorp/aws" } } },
        provider: { aws: [{ region: "eu-central-1", default_tags: [{ tags: { project: "xmpp-edge" } }] }] },
        resource,
        ...more,
      }),
    );
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stand-in-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("a stack is applied, plans clean afterwards and is destroyed", async () => {
    write(host("ami-1", "#cloud-config\n"), {
      output: { address: { value: value("one(aws_network_interface.edge.ipv6_addresses)") } },
    });
    const terraform = await Terraform.in(folder);
    await terraform.validate();
    expect((await terraform.plan()).map(({ actions }) => actions)).toEqual(Array(5).fill(["create"]));
    await terraform.apply();
    expect(await terraform.plan()).toEqual([]);
    const state = await terraform.state();
    expect(state["aws_eip.edge"]!.public_ip).toMatch(/^203\.0\.113\.\d+$/);
    expect(state["aws_eip.edge"]!.tags_all).toEqual({ project: "xmpp-edge" });
    expect((await terraform.outputs()).address).toMatch(/^2001:db8::/);
    await terraform.destroy();
    expect(await terraform.state()).toEqual({});
  });

  test.each([
    ["another image", host("ami-2", "#cloud-config\n")],
    ["other user data", host("ami-1", "#cloud-config\n# changed\n")],
  ])("%s replaces the instance and nothing else", async (_, changed) => {
    write(host("ami-1", "#cloud-config\n"));
    const terraform = await Terraform.in(folder);
    await terraform.apply();
    write(changed);
    expect(await terraform.plan()).toEqual([{ address: "aws_instance.edge", actions: ["delete", "create"] }]);
  });

  test("a changed object in place moves what follows from it", async () => {
    const object = (content: string) => ({ aws_s3_object: { document: { bucket: "b", key: "k", content } } });
    write(object("one"));
    const terraform = await Terraform.in(folder);
    await terraform.apply();
    const before = (await terraform.state())["aws_s3_object.document"]!.version_id;
    write(object("two"));
    expect(await terraform.plan()).toEqual([{ address: "aws_s3_object.document", actions: ["update"] }]);
    await terraform.apply();
    expect((await terraform.state())["aws_s3_object.document"]!.version_id).not.toBe(before);
  });

  test.each([
    [
      "an unknown argument",
      { aws_eip: { edge: { domian: "vpc" } } },
      /Extraneous JSON object property|Unsupported argument/,
    ],
    ["a missing argument", { aws_subnet: { edge: {} } }, /Missing required argument[\s\S]*vpc_id/],
    [
      "a second block where one is allowed",
      { aws_instance: { edge: { metadata_options: [{}, {}] } } },
      /Too many metadata_options blocks/,
    ],
    ["an unknown resource", { aws_nothing: { edge: {} } }, /Invalid resource type/],
    [
      "a reference to what is not there",
      { aws_eip: { edge: { instance: value("aws_instance.none.id") } } },
      /Reference to undeclared resource/,
    ],
  ])("validation refuses %s", async (_, resource, message) => {
    write(resource);
    const terraform = await Terraform.in(folder);
    await expect(terraform.validate()).rejects.toThrow(message);
  });

  test("a set where a string belongs is refused when it is planned", async () => {
    write({ ...network, aws_eip: { edge: { address: value("aws_network_interface.edge.ipv6_addresses") } } });
    const terraform = await Terraform.in(folder);
    await expect(terraform.plan()).rejects.toThrow(/string required/);
  });

  test("prevent_destroy holds", async () => {
    write({ aws_eip: { edge: { domain: "vpc", lifecycle: { prevent_destroy: true } } } });
    const terraform = await Terraform.in(folder);
    await terraform.apply();
    await expect(terraform.destroy()).rejects.toThrow(/Instance cannot be destroyed/);
  });

  test("no other provider can be found", async () => {
    writeFileSync(
      join(folder, "main.tf.json"),
      JSON.stringify({ terraform: { required_providers: { random: { source: "hashicorp/random" } } } }),
    );
    await expect(Terraform.in(folder)).rejects.toThrow(/hashicorp\/random/);
  });
});
