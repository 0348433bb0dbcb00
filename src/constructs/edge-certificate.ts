import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { Annotations, Token } from "cdktf";
import { Construct } from "constructs";
import { type CertificateNames, certificateNames, type Definition, zoneOf } from "../definition";
import { challengeName, challengeStatements } from "./acme-challenges";
import { certificateRequestFile } from "./certificate-request-file";
import { ConstructError } from "./construct-error";
import { ExportableCertificate } from "./exportable-certificate";
import { HostedZones } from "./hosted-zones";
import type { IGrantee, PolicyStatement } from "./policy-statement";

/** The certificate that an edge presents to its partners. */
export interface IEdgeCertificate {
  /** ARN of the certificate in ACM, where it is there. */
  readonly certificateArn: string | undefined;
  /**
   * What `xmpp-edge run` has to be told on the host to come by it, as environment variables; no secrets.
   * @default nothing
   */
  readonly hostEnvironment?: { readonly [name: string]: string };
  /** Lets a role do what it takes to come by certificate and key; returns what it granted, which may be nothing. */
  grantObtain(grantee: IGrantee): readonly PolicyStatement[];
}

export interface CertificateRequestProps {
  /** Subject and names, out of the facts. */
  readonly names: CertificateNames;
  /** Kind and size of the key. */
  readonly key: Definition["certificate"]["key"];
}

export interface ExportableCertificateProps {
  /** Names, key and zones follow from it. */
  readonly definition: Definition;
  /**
   * Ids of Route 53 zones by zone name.
   * @default every zone is looked up by its name among the account's public zones
   */
  readonly zoneIds?: { readonly [zone: string]: string };
}

export interface AcmeCertificateProps extends ExportableCertificateProps, AcmeAccount {
  /**
   * Where the `_acme-challenge` names are CNAMEs into another zone: that zone's id, and the names they lead to.
   * @default the challenges are answered in the zones of the names themselves
   */
  readonly challenges?: { readonly zoneId: string; readonly names: readonly string[] };
}

const ACM_ARN = /^arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/;

/** What the CA of an ACME certificate is told at registration. */
export interface AcmeAccount {
  /**
   * Whether the host agrees to the CA's terms of service in your name. Without it no account is made, and so no
   * certificate.
   * @default false
   */
  readonly agreeTerms?: boolean;
  /**
   * Mail addresses that the CA may write to.
   * @default none
   */
  readonly contacts?: readonly string[];
}

/** What tells one source of certificates from another. */
interface Source {
  readonly requestFile?: string;
  readonly certificateArn?: string;
  readonly statements?: readonly PolicyStatement[];
  readonly hostEnvironment?: { readonly [name: string]: string };
}

/**
 * The certificate of an edge. However it comes about, its private key never enters Terraform's state, the image, the
 * document or a log.
 */
export class EdgeCertificate extends Construct implements IEdgeCertificate {
  /** What OpenSSL makes key and signing request from, where the certificate is requested by file. */
  readonly requestFile: string | undefined;
  readonly certificateArn: string | undefined;
  readonly hostEnvironment: { readonly [name: string]: string };
  private readonly statements: readonly PolicyStatement[];

  private constructor(scope: Construct, id: string, source: (self: Construct) => Source) {
    super(scope, id);
    const { requestFile, certificateArn, statements = [], hostEnvironment = {} } = source(this);
    this.requestFile = requestFile;
    this.certificateArn = certificateArn;
    this.statements = statements;
    this.hostEnvironment = hostEnvironment;
  }

  /** Requested from a CA by file: nothing is made on AWS, `requestFile` is the request. */
  static request(scope: Construct, id: string, { names, key }: CertificateRequestProps): EdgeCertificate {
    return new EdgeCertificate(scope, id, () => ({ requestFile: certificateRequestFile(names, key) }));
  }

  /**
   * Brought along: made elsewhere and put into the host's certificate store. Nothing is made on AWS, nothing granted.
   */
  static imported(scope: Construct, id: string): EdgeCertificate {
    return new EdgeCertificate(scope, id, () => ({}));
  }

  /**
   * Obtained and renewed by the host itself from an ACME CA. With Route 53 the host may make and remove TXT records of
   * the `_acme-challenge` names and no other; where the definition publishes elsewhere it needs no right on AWS.
   * @throws ConstructError where the names are too many for a role's policy
   */
  static acme(
    scope: Construct,
    id: string,
    { definition, zoneIds, challenges, ...account }: AcmeCertificateProps,
  ): EdgeCertificate {
    const hostEnvironment = accountEnvironment(account);
    return new EdgeCertificate(scope, id, (self) => {
      if (!account.agreeTerms)
        Annotations.of(self).addWarning(
          "nobody agreed to the CA's terms: the host makes no account and gets no certificate; give agreeTerms: true",
        );
      const { source } = definition.certificate;
      if (source.kind === "acme" && source.challenge !== "dns-01") {
        if (challenges !== undefined)
          throw new ConstructError(
            "EdgeCertificate",
            "challenges",
            `names a zone for DNS-01, and the definition has its names proved by ${source.challenge}`,
            'leave challenges out, or set certificate.source.challenge to "dns-01"',
          );
        Annotations.of(self).addInfo(
          `${source.challenge}: the host answers at its own addresses, with no right on AWS; every name has to lead there`,
        );
        return { hostEnvironment };
      }
      const { kind } = definition.dns;
      if (challenges === undefined && kind !== "route53") {
        Annotations.of(self).addInfo(
          `dns.kind is ${kind}: the host answers ACME challenges there, with no right on AWS`,
        );
        return { hostEnvironment };
      }
      const zones = new HostedZones(self, zoneIds);
      const names = certificateNames(definition).names.map(({ name }) => name.replace(/^\*\./, ""));
      const where =
        challenges === undefined
          ? {
              zoneIds: [...new Set(names.map((name) => zones.id(zoneOf(definition, name))))],
              names: [...new Set(names.map(challengeName))],
            }
          : { zoneIds: [challenges.zoneId], names: challenges.names };
      const { partition } = new DataAwsPartition(self, "partition");
      return { statements: challengeStatements(where, partition), hostEnvironment };
    });
  }

  /**
   * A new certificate out of ACM whose key may be exported. Amazon charges for each of its names at every issue and
   * renewal. The host may export this one certificate.
   * @throws ConstructError where the definition does not publish in Route 53, by which ACM's questions are answered
   */
  static exportable(
    scope: Construct,
    id: string,
    { definition, zoneIds }: ExportableCertificateProps,
  ): EdgeCertificate {
    const { kind } = definition.dns;
    if (kind !== "route53") {
      throw new ConstructError(
        "EdgeCertificate",
        "definition",
        `has dns.kind ${kind}, where this stack cannot answer ACM`,
        'publish in Route 53 (dns.kind: "route53"), or have it issued by hand and use EdgeCertificate.fromArn(…)',
      );
    }
    return new EdgeCertificate(scope, id, (self) => {
      const { length } = certificateNames(definition).names;
      Annotations.of(self).addWarning(
        `an exportable certificate of ${length} ${length === 1 ? "name" : "names"}: Amazon charges for each name at every issue and renewal; see the price of ACM exportable certificates`,
      );
      return exported(new ExportableCertificate(self, "acm", definition, zoneIds).arn);
    });
  }

  /**
   * An exportable certificate that is in ACM already.
   * @throws ConstructError where the ARN names no ACM certificate
   */
  static fromArn(scope: Construct, id: string, certificateArn: string): EdgeCertificate {
    if (!Token.isUnresolved(certificateArn) && !ACM_ARN.test(certificateArn)) {
      throw new ConstructError(
        "EdgeCertificate",
        "certificateArn",
        `names no ACM certificate: ${JSON.stringify(certificateArn)}`,
        "give arn:aws:acm:<region>:<account>:certificate/<id>",
      );
    }
    return new EdgeCertificate(scope, id, () => exported(certificateArn));
  }

  grantObtain(grantee: IGrantee): readonly PolicyStatement[] {
    if (this.statements.length > 0) grantee.allow(...this.statements);
    return this.statements;
  }
}

/** No room for what systemd or podman would read as their own. */
const MAIL_ADDRESS = /^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}$/;

function accountEnvironment({ agreeTerms, contacts = [] }: AcmeAccount): { readonly [name: string]: string } {
  const odd = contacts.find((contact) => !MAIL_ADDRESS.test(contact));
  if (odd !== undefined)
    throw new ConstructError("EdgeCertificate", "contacts", `has ${JSON.stringify(odd)}`, "give mail addresses");
  return {
    ...(agreeTerms && { XMPP_EDGE_ACME_AGREE_TERMS: "true" }),
    ...(contacts.length > 0 && { XMPP_EDGE_ACME_CONTACT: contacts.join(",") }),
  };
}

/** Exporting takes this one certificate, and looking at it to see whether it was renewed. */
const exported = (certificateArn: string): Source => ({
  certificateArn,
  statements: [
    {
      Sid: "ExportCertificate",
      Effect: "Allow",
      Action: ["acm:DescribeCertificate", "acm:ExportCertificate"],
      Resource: certificateArn,
    },
  ],
});
