import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Fn, TerraformIterator, Token } from "cdktf";
import { Construct } from "constructs";
import { certificateNames, type Definition, zoneOf } from "../definition";
import { HostedZones } from "./hosted-zones";

/** ACM's names of the keys that a definition can ask for. */
const KEY_ALGORITHMS = { "RSA 2048": "RSA_2048", "ECDSA 256": "EC_prime256v1", "ECDSA 384": "EC_secp384r1" } as const;

/** Seconds; the records stay, for renewals look at them again. */
const TTL = 300;

/**
 * A public certificate out of ACM whose key may be exported, proved by records in Route 53. Amazon charges for each
 * name of an exportable certificate at every issue and renewal.
 */
export class ExportableCertificate extends Construct {
  readonly certificate: AcmCertificate;
  /** One for each name that has to be proved. */
  readonly validationRecords: readonly Route53Record[];
  readonly validation: AcmCertificateValidation;

  constructor(
    scope: Construct,
    id: string,
    definition: Definition,
    zoneIds: { readonly [zone: string]: string } | undefined,
  ) {
    super(scope, id);
    const zones = new HostedZones(this, zoneIds);
    const { subject, names } = certificateNames(definition);
    const { key } = definition.certificate;
    const algorithm = KEY_ALGORITHMS[`${key.type} ${key.bits}` as keyof typeof KEY_ALGORITHMS];
    const others = names.map(({ name }) => name).filter((name) => name !== subject.commonName);
    this.certificate = new AcmCertificate(this, "certificate", {
      domainName: subject.commonName,
      ...(others.length > 0 && { subjectAlternativeNames: others }),
      ...(algorithm !== undefined && { keyAlgorithm: algorithm }),
      validationMethod: "DNS",
      options: { export: "ENABLED" },
      // Partners see the old one until the new one is there.
      lifecycle: { createBeforeDestroy: true },
    });
    const options = TerraformIterator.fromComplexList(this.certificate.domainValidationOptions, "domain_name");
    // A wildcard and its parent are proved by one record. One resource a name, by a key that we know: with for_each
    // over ACM's set Terraform would have to know its keys before the certificate is there.
    const proved = [...new Set(names.map(({ name }) => name.replace(/^\*\./, "")))];
    this.validationRecords = proved.map((name) => {
      const answer = (attribute: string) =>
        Fn.element(
          Token.asList(options.forExpressionForList(`val.${attribute} if trimprefix(key, "*.") == "${name}"`)),
          0,
        );
      return new Route53Record(this, `validation-${name}`, {
        zoneId: zones.id(zoneOf(definition, name)),
        name: answer("resource_record_name"),
        type: answer("resource_record_type"),
        records: [answer("resource_record_value")],
        ttl: TTL,
        // The names are ACM's own hashes; an earlier certificate for the same name asked for the same.
        allowOverwrite: true,
      });
    });
    this.validation = new AcmCertificateValidation(this, "issued", {
      certificateArn: this.certificate.arn,
      validationRecordFqdns: this.validationRecords.map(({ fqdn }) => fqdn),
    });
  }

  /** Known when the certificate has been issued. */
  get arn(): string {
    return this.validation.certificateArn;
  }
}
