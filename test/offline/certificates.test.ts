import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { afterEach, expect, test } from "@jest/globals";
import { TerraformStack, Testing } from "cdktf";
import { EdgeCertificate, EdgeRole } from "xmpp-edge/constructs";
import { contoso } from "../constructs/definitions";
import { type State, Terraform } from "./terraform";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Applies what is placed, with a role that is granted all that the certificate needs. */
async function deployed(place: (stack: TerraformStack) => EdgeCertificate): Promise<Terraform> {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  folders.push(folder);
  const stack = new TerraformStack(Testing.app(), "test");
  new AwsProvider(stack, "aws", { region: "eu-central-1" });
  place(stack).grantObtain(new EdgeRole(stack, "role"));
  writeFileSync(join(folder, "main.tf.json"), Testing.synth(stack, true));
  const terraform = await Terraform.in(folder);
  await terraform.validate();
  await terraform.apply();
  expect(await terraform.plan()).toEqual([]);
  return terraform;
}
const ofType = (state: State, type: string) =>
  Object.entries(state)
    .filter(([address]) => address.startsWith(`${type}.`))
    .map(([, values]) => values);
/** The statements of the role, as AWS would get them. */
const statements = (state: State): Record<string, unknown>[] =>
  JSON.parse(String(ofType(state, "aws_iam_role_policy")[0]!.policy)).Statement;

const DOMAINS = { domains: [{ name: "contoso.example" }, { name: "contoso-labs.example" }], partners: [] };

test("an exportable certificate is asked for, proved in each name's zone, and exported by its host alone", async () => {
  const definition = contoso({ ...DOMAINS, certificate: { source: { kind: "acm" } } });
  const terraform = await deployed((stack) => EdgeCertificate.exportable(stack, "certificate", { definition }));
  const state = await terraform.state();
  const [certificate] = ofType(state, "aws_acm_certificate");
  expect(certificate).toMatchObject({
    domain_name: "sip.contoso.example",
    subject_alternative_names: expect.arrayContaining(["contoso.example", "contoso-labs.example"]),
    options: [{ export: "ENABLED" }],
    private_key: null,
  });
  const zones = Object.fromEntries(ofType(state, "data.aws_route53_zone").map(({ name, zone_id }) => [name, zone_id]));
  const records = ofType(state, "aws_route53_record").map(({ name, type, zone_id }) => ({ name, type, zone_id }));
  expect(records.toSorted((a, b) => String(a.name).localeCompare(String(b.name)))).toEqual(
    (certificate!.domain_validation_options as Record<string, string>[])
      .map((option) => ({
        name: option.resource_record_name,
        type: "CNAME",
        zone_id: zones[option.domain_name === "contoso-labs.example" ? "contoso-labs.example" : "contoso.example"],
      }))
      .toSorted((a, b) => String(a.name).localeCompare(String(b.name))),
  );
  expect(statements(state)).toEqual([
    {
      Sid: "ExportCertificate",
      Effect: "Allow",
      Action: ["acm:DescribeCertificate", "acm:ExportCertificate"],
      Resource: certificate!.arn,
    },
  ]);
});

test("a host that asks an ACME CA may change the challenges in its zones, and no other record", async () => {
  const definition = contoso({ ...DOMAINS, certificate: { source: { kind: "acme" } } });
  const terraform = await deployed((stack) => EdgeCertificate.acme(stack, "certificate", { definition }));
  const state = await terraform.state();
  const zones = ofType(state, "data.aws_route53_zone").map(({ zone_id }) => `arn:aws:route53:::hostedzone/${zone_id}`);
  const [change, read] = statements(state);
  expect(change).toMatchObject({
    Sid: "AnswerChallenges",
    Condition: {
      "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
          "_acme-challenge.sip.contoso.example",
          "_acme-challenge.contoso.example",
          "_acme-challenge.contoso-labs.example",
        ],
        "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
      },
    },
  });
  expect((change!.Resource as string[]).toSorted()).toEqual(zones.toSorted());
  expect(read).toMatchObject({ Action: ["route53:ListResourceRecordSets"], Resource: change!.Resource });
  expect(ofType(state, "aws_route53_record")).toEqual([]);
});
