import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { describe, expect, test } from "@jest/globals";
import { TerraformStack, Testing } from "cdktf";
import fc from "fast-check";
import { type CertificateNames, facts } from "xmpp-edge";
import { EdgeCertificate, type PolicyStatement } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { synthesised } from "./synthesised";

const RSA = { type: "RSA", bits: 2048 } as const;
const scope = () => new TerraformStack(Testing.app(), "test");

const names: CertificateNames = facts(
  contoso({
    domains: [{ name: "contoso.example", sip: true }],
    certificate: {
      organization: "Contoso",
      organizationalUnit: "Messaging",
      locality: "Milano",
      state: "Lombardia",
      country: "IT",
    },
  }),
).certificate;

const requestFile = (
  certificate: CertificateNames,
  key: { type: "RSA"; bits: 2048 } | { type: "ECDSA"; bits: 384 } = RSA,
): string => EdgeCertificate.request(scope(), "certificate", { names: certificate, key }).requestFile!;

/** Lines of a section, as OpenSSL reads the file. */
const section = (file: string, name: string): string[] =>
  file.split(`[${name}]\n`)[1]!.split(/^\[/m)[0]!.trim().split("\n");

describe("a certificate that is requested", () => {
  test("says the subject and every name of the facts", () => {
    const file = requestFile(names);
    expect(section(file, "subject")).toEqual([
      "C = IT",
      "ST = Lombardia",
      "L = Milano",
      "O = Contoso",
      "OU = Messaging",
      "CN = sip.contoso.example",
    ]);
    expect(section(file, "names")).toEqual(["DNS.1 = sip.contoso.example", "DNS.2 = contoso.example"]);
  });

  test.each([
    [RSA, "-newkey rsa:2048"],
    [{ type: "ECDSA", bits: 384 } as const, "-newkey ec -pkeyopt ec_paramgen_curve:P-384"],
  ])("says how to make the key: %p", (key, options) => {
    expect(requestFile(names, key)).toContain(options);
  });

  test("leaves out of the subject a name that is longer than X.509 takes there", () => {
    const commonName = `${"a".repeat(60)}.contoso.example`;
    const file = requestFile({ subject: { commonName }, names: [{ name: commonName, reason: "" }] });
    expect(file).not.toContain("CN =");
    expect(section(file, "names")).toEqual([`DNS.1 = ${commonName}`]);
  });

  test("no text in the subject adds a line or reads a variable", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("\n", "\r", "[", "]", "=", "#", "$", "{", "\\", '"', "'", "`", "a") }),
        (organization) => {
          const file = requestFile({ ...names, subject: { ...names.subject, organization } });
          expect(file.split("\n")).toHaveLength(requestFile(names).split("\n").length);
          const line = section(file, "subject").find((candidate) => candidate.startsWith("O = "))!;
          expect(line).not.toMatch(/(?<!\\)(\\\\)*[$#"'`\r]/);
        },
      ),
    );
  });

  test("makes nothing on AWS and grants nothing", () => {
    const stack = synthesised((scope) => {
      const certificate = EdgeCertificate.request(scope, "certificate", { names, key: RSA });
      expect(certificate.grantObtain({ allow: () => expect(true).toBe(false) })).toEqual([]);
      expect(certificate.certificateArn).toBeUndefined();
    });
    expect(JSON.parse(stack.json).resource).toBeUndefined();
  });
});

describe("a certificate in ACM", () => {
  const ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

  test("exporting it takes this one certificate", () => {
    const allowed: PolicyStatement[] = [];
    const granted = EdgeCertificate.fromArn(scope(), "certificate", ARN).grantObtain({
      allow: (...more) => void allowed.push(...more),
    });
    expect(granted).toEqual(allowed);
    expect(granted).toEqual([
      {
        Sid: "ExportCertificate",
        Effect: "Allow",
        Action: ["acm:DescribeCertificate", "acm:ExportCertificate"],
        Resource: ARN,
      },
    ]);
  });

  test.each([
    "",
    "12345678-1234-1234-1234-123456789012",
    "arn:aws:iam::123456789012:server-certificate/edge",
    `${ARN}\nX`,
    "arn:aws:acm:eu-central-1:123456789012:certificate/*",
  ])("%j is refused with the remedy", (arn) => {
    expect(() => EdgeCertificate.fromArn(scope(), "certificate", arn)).toThrow(
      /certificateArn names no ACM certificate.*give arn:aws:acm:/,
    );
  });

  test("a reference to one that the stack makes is taken", () => {
    const stack = scope();
    const { arn } = new AcmCertificate(stack, "made", { domainName: "sip.contoso.example" });
    const [statement] = EdgeCertificate.fromArn(stack, "certificate", arn).grantObtain({ allow: () => {} });
    expect(statement!.Resource).toBe(arn);
  });
});
