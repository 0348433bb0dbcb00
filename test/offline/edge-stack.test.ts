import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Definition } from "xmpp-edge";
import { GatewayImage, type SynthesiseOptions, synthesise } from "xmpp-edge/constructs";
import { contoso } from "../constructs/definitions";
import { Terraform } from "./terraform";

jest.setTimeout(120_000);

const image = (digit: string): GatewayImage =>
  GatewayImage.fromReference(`123456789012.dkr.ecr.eu-central-1.amazonaws.com/xmpp-edge@sha256:${digit.repeat(64)}`);

/** Resource types of what a plan changes, with what it does to them. */
const types = (changes: readonly { address: string; actions: readonly string[] }[]): string[] =>
  changes.map(({ address, actions }) => `${address.split(".")[0]} ${actions.join(" ")}`);

describe("an edge under Terraform, on the stand-in for AWS", () => {
  let folder: string;
  let terraform: Terraform;

  const write = (definition: Definition, options: SynthesiseOptions = {}): string =>
    synthesise(definition, join(folder, "out"), { image: image("a"), ...options }).file;

  /** The stack applied once. */
  const applied = async (definition: Definition, options: SynthesiseOptions = {}): Promise<void> => {
    terraform = await Terraform.in(dirname(write(definition, options)));
    await terraform.apply();
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edge-stack-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is valid, applies, plans clean afterwards and is destroyed where that was asked for", async () => {
    terraform = await Terraform.in(dirname(write(contoso(), { removal: "destroy" })));
    await terraform.validate();
    await terraform.apply();
    expect(await terraform.plan()).toEqual([]);
    await terraform.destroy();
    expect(await terraform.state()).toEqual({});
  });

  test("publishes the addresses that the interface owns", async () => {
    await applied(contoso());
    const state = Object.entries(await terraform.state());
    const of = (type: string) =>
      state.filter(([address]) => address.startsWith(`${type}.`)).map(([, values]) => values);
    const [elasticIp] = of("aws_eip");
    const [owner] = of("aws_network_interface");
    const [association] = of("aws_eip_association");
    const [instance] = of("aws_instance");
    expect(association).toMatchObject({ allocation_id: elasticIp!.id, network_interface_id: owner!.id });
    expect(instance).toMatchObject({
      primary_network_interface: [expect.objectContaining({ network_interface_id: owner!.id })],
    });
    const records = Object.fromEntries(of("aws_route53_record").map(({ type, records }) => [type, records]));
    expect(records).toEqual({
      SRV: ["0 0 5269 sip.contoso.example."],
      A: [elasticIp!.public_ip],
      AAAA: owner!.ipv6_addresses,
    });
    expect(await terraform.outputs()).toMatchObject({
      addresses: [elasticIp!.public_ip, (owner!.ipv6_addresses as string[])[0]],
    });
  });

  test("its host mounts its own volume and runs its own document", async () => {
    await applied(contoso());
    const state = await terraform.state();
    const find = (type: string) => Object.entries(state).find(([address]) => address.startsWith(`${type}.`))![1];
    const userData = String(find("aws_instance").user_data);
    expect(userData).toContain(
      `nvme-Amazon_Elastic_Block_Store_${String(find("aws_ebs_volume").id).replace("-", "")} /var/lib/xmpp-edge ext4`,
    );
    expect(userData).toContain(`run s3://${find("aws_s3_bucket").id}/gateway-document.json --listen [::]:5269`);
    expect(userData).not.toMatch(/\$\{|TfToken/);
    expect(JSON.parse(String(find("aws_s3_object").content))).toMatchObject({
      format: "xmpp-edge-gateway",
      name: "contoso",
    });
  });

  test("another image replaces the instance and its attachment; interface, addresses and volume stay", async () => {
    await applied(contoso());
    write(contoso(), { image: image("b") });
    expect(types(await terraform.plan())).toEqual([
      "aws_cloudwatch_metric_alarm update",
      "aws_cloudwatch_metric_alarm update",
      "aws_instance delete create",
      "aws_volume_attachment delete create",
    ]);
    await terraform.apply();
    expect(await terraform.plan()).toEqual([]);
  });

  test("a partner more is a new version of the document and nothing else", async () => {
    await applied(contoso());
    write(
      contoso({ partners: [{ domain: "fabrikam.example", partnerType: "Federated" }, { domain: "adatum.example" }] }),
    );
    expect(types(await terraform.plan())).toEqual(["aws_s3_object update"]);
  });

  test("a domain more is a record more and a new version of the document", async () => {
    await applied(contoso());
    write(contoso({ domains: [{ name: "contoso.example" }, { name: "contoso-labs.example" }] }));
    expect(types(await terraform.plan())).toEqual(["aws_route53_record create", "aws_s3_object update"]);
  });

  test("a newer machine image alone changes nothing, one that is named replaces the instance", async () => {
    await applied(contoso());
    write(contoso(), { machineImageId: "ami-0123456789abcdef0" });
    expect(types(await terraform.plan())).toContain("aws_instance delete create");
  });

  test.each([
    ["the addresses", "aws_eip"],
    ["the interface", "aws_network_interface"],
    ["the volume", "aws_ebs_volume"],
    ["the partner list", "aws_s3_bucket"],
  ])("%s cannot be destroyed by default", async (_, type) => {
    await applied(contoso());
    const address = Object.keys(await terraform.state()).find((candidate) => candidate.startsWith(`${type}.`))!;
    await expect(terraform.plan("-destroy", `-target=${address}`)).rejects.toThrow(/Instance cannot be destroyed/);
  });

  test("a declared address is looked up, not allocated, and published with its family alone", async () => {
    await applied(contoso({ accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] } }));
    const state = await terraform.state();
    const records = Object.values(state).filter(({ type }) => type === "A" || type === "AAAA");
    expect(records.map(({ records }) => records)).toEqual([["198.51.100.7"]]);
    expect(Object.keys(state).filter((address) => address.startsWith("aws_eip."))).toEqual([]);
  });

  test("where records are published elsewhere the stack hands over their lines", async () => {
    await applied(contoso({ dns: { kind: "zone-file", ttl: 300 } }));
    const { records_to_publish, addresses } = (await terraform.outputs()) as {
      records_to_publish: string[];
      addresses: string[];
    };
    expect(records_to_publish).toEqual([
      "_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
      `sip.contoso.example. 300 IN A ${addresses[0]}`,
      `sip.contoso.example. 300 IN AAAA ${addresses[1]}`,
    ]);
    expect(Object.keys(await terraform.state()).filter((address) => address.includes("route53"))).toEqual([]);
  });

  test("what a definition says is data to Terraform, whatever it looks like", async () => {
    const hostile = `\${file("/etc/hostname")} %{ if true }x%{ endif } \${TfToken[TOKEN.1]} $\${x} %%{y}`;
    const policy = { enableFederationAccess: true, enableXmppAccess: true };
    await applied(
      contoso({
        certificate: { state: hostile },
        accessPolicies: { global: policy, named: { [hostile.slice(0, 64)]: policy } },
        users: [{ address: "alice@contoso.example", policy: hostile.slice(0, 64) }],
      }),
    );
    const request = String((await terraform.outputs()).certificate_request);
    const inOpenSsl = hostile.replace(/[$"]/g, "\\$&");
    expect(request).toContain(`\nST = ${inOpenSsl}\n`);
    const state = Object.entries(await terraform.state());
    const [, { content }] = state.find(([address]) => address.startsWith("aws_s3_object."))!;
    expect(JSON.parse(String(content)).access.users[0].because).toBe(`user policy ${hostile.slice(0, 64)}`);
  });
});
