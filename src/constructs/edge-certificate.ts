import { Token } from "cdktf";
import { Construct } from "constructs";
import type { CertificateNames, Definition } from "../definition";
import { certificateRequestFile } from "./certificate-request-file";
import { ConstructError } from "./construct-error";
import type { IGrantee, PolicyStatement } from "./policy-statement";

/** The certificate that an edge presents to its partners. */
export interface IEdgeCertificate {
  /** ARN of the certificate in ACM, where it is there. */
  readonly certificateArn: string | undefined;
  /** Lets a role take certificate and key out of ACM; returns what it granted, nothing where it is not in ACM. */
  grantExport(grantee: IGrantee): readonly PolicyStatement[];
}

export interface CertificateRequestProps {
  /** Subject and names, out of the facts. */
  readonly names: CertificateNames;
  /** Kind and size of the key. */
  readonly key: Definition["certificate"]["key"];
}

const ACM_ARN = /^arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/;

/**
 * The certificate of an edge. However it comes about, its private key never enters Terraform's state, the image, the
 * document or a log.
 */
export class EdgeCertificate extends Construct implements IEdgeCertificate {
  private constructor(
    scope: Construct,
    id: string,
    /** What OpenSSL makes key and signing request from, where the certificate is requested by file. */
    readonly requestFile: string | undefined,
    readonly certificateArn: string | undefined,
  ) {
    super(scope, id);
  }

  /** Requested from a CA by file: nothing is made on AWS, `requestFile` is the request. */
  static request(scope: Construct, id: string, { names, key }: CertificateRequestProps): EdgeCertificate {
    return new EdgeCertificate(scope, id, certificateRequestFile(names, key), undefined);
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
    return new EdgeCertificate(scope, id, undefined, certificateArn);
  }

  grantExport(grantee: IGrantee): readonly PolicyStatement[] {
    if (this.certificateArn === undefined) return [];
    const statement: PolicyStatement = {
      Sid: "ExportCertificate",
      Effect: "Allow",
      Action: ["acm:DescribeCertificate", "acm:ExportCertificate"],
      Resource: this.certificateArn,
    };
    grantee.allow(statement);
    return [statement];
  }
}
