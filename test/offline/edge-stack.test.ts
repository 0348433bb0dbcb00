import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Definition } from "xmpp-edge";
import { GatewayImage, type SynthesiseOptions, synthesise } from "xmpp-edge/constructs";
import { contoso } from "../constructs/definitions";
import { type State, Terraform } from "./terraform";

const image = (digit: string): GatewayImage =>
  GatewayImage.fromReference(`123456789012.dkr.ecr.eu-central-1.amazonaws.com/xmpp-edge@sha256:${digit.repeat(64)}`);

/** No DNS is asked: these are plans. */
const WITHOUT_NETWORK = { preflight: false, federationCheck: false } as const;

type Values = State[string];

/** Resource types of what a plan changes, with what it does to them. */
const types = (changes: readonly { address: string; actions: readonly string[] }[]): string[] =>
  changes.map(({ address, actions }) => `${address.split(".")[0]} ${actions.join(" ")}`);

describe("an edge under Terraform, on the stand-in for AWS", () => {
  const folders: string[] = [];
  let base: string;
  let folder: string;
  let terraform: Terraform;

  const newFolder = (): string => {
    const made = mkdtempSync(join(tmpdir(), "edge-stack-"));
    folders.push(made);
    return made;
  };
  const write = (definition: Definition, options: SynthesiseOptions = {}): string =>
    dirname(synthesise(definition, join(folder, "out"), { image: image("a"), ...WITHOUT_NETWORK, ...options }).file);

  /** Contoso's stack, applied once and copied for every test, with its state. */
  const applied = async (): Promise<void> => {
    cpSync(base, folder, { recursive: true, verbatimSymlinks: true });
    terraform = await Terraform.resumed(join(folder, "out", "stacks", "contoso"));
  };
  /** A stack of its own, applied. */
  const deployed = async (definition: Definition): Promise<void> => {
    terraform = await Terraform.in(write(definition));
    await terraform.apply();
  };
  const ofType = async (type: string): Promise<readonly Values[]> =>
    Object.entries(await terraform.state())
      .filter(([address]) => address.startsWith(`${type}.`))
      .map(([, values]) => values);

  beforeAll(async () => {
    folder = newFolder();
    await deployed(contoso());
    base = folder;
  });
  beforeEach(() => {
    folder = newFolder();
  });
  afterAll(() => {
    for (const made of folders) rmSync(made, { recursive: true });
  });

  test("is valid, plans clean after it was applied, and is destroyed where that was asked for", async () => {
    terraform = await Terraform.in(write(contoso(), { removal: "destroy" }));
    await terraform.validate();
    await terraform.apply();
    expect(await terraform.plan()).toEqual([]);
    await terraform.destroy();
    expect(await terraform.state()).toEqual({});
  });

  test("publishes the addresses that the interface owns", async () => {
    await applied();
    const [elasticIp] = await ofType("aws_eip");
    const [owner] = await ofType("aws_network_interface");
    const [association] = await ofType("aws_eip_association");
    const [instance] = await ofType("aws_instance");
    expect(association).toMatchObject({ allocation_id: elasticIp!.id, network_interface_id: owner!.id });
    expect(instance).toMatchObject({ primary_network_interface: [{ network_interface_id: owner!.id }] });
    const records = (await ofType("aws_route53_record")).map(({ type, records }) => [type, records]);
    expect(Object.fromEntries(records)).toEqual({
      SRV: ["0 0 5269 sip.contoso.example."],
      A: [elasticIp!.public_ip],
      AAAA: owner!.ipv6_addresses,
    });
    const addresses = [elasticIp!.public_ip, ...(owner!.ipv6_addresses as string[])];
    expect(await terraform.outputs()).toMatchObject({ addresses });
  });

  test("its host mounts its own volume and runs its own document", async () => {
    await applied();
    const [volume] = await ofType("aws_ebs_volume");
    const [bucket] = await ofType("aws_s3_bucket");
    const [document] = await ofType("aws_s3_object");
    const userData = String((await ofType("aws_instance"))[0]!.user_data);
    const serial = String(volume!.id).replace("-", "");
    expect(userData).toContain(`nvme-Amazon_Elastic_Block_Store_${serial} /var/lib/xmpp-edge ext4`);
    expect(userData).toContain(`run s3://${bucket!.id}/gateway-document.json --listen [::]:5269`);
    expect(userData).not.toMatch(/\$\{|TfToken/);
    expect(JSON.parse(String(document!.content))).toMatchObject({ format: "xmpp-edge-gateway", name: "contoso" });
  });

  test("no private key is in what is synthesised, planned or kept as state", async () => {
    await applied();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const holdingKeys = () =>
      readdirSync(join(folder, "out"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\/(\.terraform|terraform\.d)(\/|$)/.test(entry.parentPath))
        .filter((entry) => /PRIVATE KEY/.test(readFileSync(join(entry.parentPath, entry.name), "latin1")))
        .map(({ name }) => name);
    expect(readdirSync(join(folder, "out"), { recursive: true }).join("\n")).toMatch(/\.tfstate$/m);
    expect(holdingKeys()).toEqual([]);
    writeFileSync(join(folder, "out", "planted"), privateKey.export({ type: "pkcs8", format: "pem" }));
    expect(holdingKeys()).toEqual(["planted"]); // the search does find one
  });

  test("another image replaces the instance and its attachment; interface, addresses and volume stay", async () => {
    await applied();
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
    await applied();
    write(
      contoso({ partners: [{ domain: "fabrikam.example", partnerType: "Federated" }, { domain: "adatum.example" }] }),
    );
    expect(types(await terraform.plan())).toEqual(["aws_s3_object update"]);
  });

  test("a domain more is a record more and a new version of the document", async () => {
    await applied();
    write(contoso({ domains: [{ name: "contoso.example" }, { name: "contoso-labs.example" }] }));
    expect(types(await terraform.plan())).toEqual(["aws_route53_record create", "aws_s3_object update"]);
  });

  test("another machine image behind the parameter does not replace the host", async () => {
    await applied();
    // The other processor's parameter stands for a newer image under the same one.
    write(contoso(), { instanceType: "t3.small" });
    expect(types(await terraform.plan())).toEqual(["aws_instance update"]);
  });

  test("a machine image that is named replaces the host", async () => {
    await applied();
    write(contoso(), { machineImageId: "ami-0123456789abcdef0" });
    expect(types(await terraform.plan())).toContain("aws_instance delete create");
  });

  test.each([
    ["the addresses", "aws_eip"],
    ["the interface", "aws_network_interface"],
    ["the volume", "aws_ebs_volume"],
    ["the partner list", "aws_s3_bucket"],
  ])("%s cannot be destroyed by default", async (_, type) => {
    await applied();
    const address = Object.keys(await terraform.state()).find((candidate) => candidate.startsWith(`${type}.`))!;
    await expect(terraform.plan("-destroy", `-target=${address}`)).rejects.toThrow(/Instance cannot be destroyed/);
  });

  test("a declared address is looked up, not allocated, and published with its family alone", async () => {
    await deployed(contoso({ accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] } }));
    const state = await terraform.state();
    const records = Object.values(state).filter(({ type }) => type === "A" || type === "AAAA");
    expect(records.map(({ records }) => records)).toEqual([["198.51.100.7"]]);
    expect(Object.keys(state).filter((address) => address.startsWith("aws_eip."))).toEqual([]);
  });

  test("where records are published elsewhere the stack hands over their lines", async () => {
    await deployed(contoso({ dns: { kind: "zone-file", ttl: 300 } }));
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
    await deployed(
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
