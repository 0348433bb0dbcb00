import { describe, expect, test } from "@jest/globals";
import { awsSchema } from "../../src/offline/schema/aws-schema";
import { served } from "../../src/offline/stand-in/resources";

const schema = awsSchema(served);
const attribute = (type: string, name: string) => schema.resources[type]!.attributes[name];

describe("the AWS provider's schema, out of its bindings", () => {
  test("has everything that was asked for, and the provider's version", () => {
    const names = [...Object.keys(schema.resources), ...Object.keys(schema.data).map((name) => `data.${name}`)];
    expect(names.sort()).toEqual([...served].sort());
    expect(schema.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each([
    ["aws_subnet", "vpc_id", { type: "string", required: true }],
    ["aws_instance", "ami", { type: "string", optional: true, computed: true }],
    ["aws_instance", "user_data_replace_on_change", { type: "bool", optional: true }],
    ["aws_instance", "ipv6_addresses", { type: ["list", "string"], optional: true, computed: true }],
    ["aws_network_interface", "ipv6_addresses", { type: ["set", "string"], optional: true, computed: true }],
    ["aws_ebs_volume", "size", { type: "number", optional: true, computed: true }],
    ["aws_eip", "public_ip", { type: "string", computed: true }],
    ["aws_eip", "tags", { type: ["map", "string"], optional: true }],
  ])("%s.%s", (type, name, expected) => {
    expect(attribute(type, name)).toEqual(expected);
  });

  test("knows which blocks may stand once and which attributes are in them", () => {
    const { metadata_options, ebs_block_device, timeouts } = schema.resources.aws_instance!.blocks;
    expect(metadata_options).toMatchObject({ nesting: "list", max: 1 });
    expect(metadata_options!.attributes.http_tokens).toEqual({ type: "string", optional: true, computed: true });
    expect(ebs_block_device).toMatchObject({ nesting: "set" });
    expect(ebs_block_device).not.toHaveProperty("max");
    expect(timeouts).toMatchObject({ nesting: "single" });
  });

  test("knows which blocks have to be there", () => {
    expect(schema.resources.aws_s3_bucket_versioning!.blocks.versioning_configuration).toMatchObject({
      min: 1,
      max: 1,
    });
  });

  test("leaves out of the provider's configuration what is Terraform's own grammar", () => {
    expect(schema.config.attributes).toHaveProperty("region");
    expect(schema.config.blocks).toHaveProperty("default_tags");
    expect(schema.config.attributes).not.toHaveProperty("alias");
  });

  test("says which binding is missing", () => {
    expect(() => awsSchema(["aws_nothing"])).toThrow(/no binding of aws_nothing/);
  });
});
