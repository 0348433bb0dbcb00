import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsIamSessionContext } from "@cdktf/provider-aws/lib/data-aws-iam-session-context";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { Construct } from "constructs";
import type { GatewayDocument } from "../definition";
import { type IGrantee, type PolicyStatement, policyDocument } from "./policy-statement";
import { lifecycleOf, type RemovalPolicy } from "./removal-policy";
import { terraformJson } from "./terraform-literal";

export interface PartnerListProps {
  /** The compiled gateway document, out of the facts. */
  readonly document: GatewayDocument;
  /**
   * ARNs of the roles that may write the document. A change of the document changes who is federated, so nobody else
   * may. Name them where plan and apply run under different roles.
   * @default the role that deploys
   */
  readonly writers?: readonly string[];
  /**
   * Whether the bucket and its versions outlive the stack.
   * @default "retain"
   */
  readonly removal?: RemovalPolicy;
}

/** What an edge host reads its configuration from. */
export interface IPartnerList {
  /** `s3://bucket/key`, as `xmpp-edge run` takes it. */
  readonly location: string;
  /** The region of the bucket. */
  readonly region: string;
  /** Lets a role read this one document; returns what it granted. */
  grantRead(grantee: IGrantee): readonly PolicyStatement[];
}

const KEY = "gateway-document.json";

/**
 * The compiled gateway document as one private, encrypted, versioned S3 object. A partner change is a new version of
 * this object and of nothing else; the running gateway takes it live.
 */
export class PartnerList extends Construct implements IPartnerList {
  readonly bucket: S3Bucket;
  readonly bucketPolicy: S3BucketPolicy;
  readonly object: S3Object;

  constructor(scope: Construct, id: string, props: PartnerListProps) {
    super(scope, id);
    const removal = props.removal ?? "retain";
    this.bucket = new S3Bucket(this, "bucket", {
      bucketPrefix: "xmpp-edge-",
      forceDestroy: removal === "destroy",
      lifecycle: lifecycleOf(removal),
    });
    const bucket = this.bucket.id;
    const ownership = new S3BucketOwnershipControls(this, "ownership", {
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    const closed = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const encryption = new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket,
      rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    const versioning = new S3BucketVersioningA(this, "versioning", {
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
    this.bucketPolicy = new S3BucketPolicy(this, "policy", {
      bucket,
      policy: policyDocument(this.whoMayDoWhat(props.writers ?? [this.deployingRole()])),
      dependsOn: [closed],
    });
    // Last, so that its first version is already kept, encrypted and guarded.
    this.object = new S3Object(this, "document", {
      bucket,
      key: KEY,
      content: terraformJson(props.document),
      contentType: "application/json",
      dependsOn: [this.bucketPolicy, ownership, encryption, versioning],
    });
    this.node.defaultChild = this.object;
  }

  get location(): string {
    return `s3://${this.bucket.id}/${KEY}`;
  }

  get region(): string {
    return this.bucket.region;
  }

  grantRead(grantee: IGrantee): readonly PolicyStatement[] {
    const statement: PolicyStatement = {
      Sid: "ReadPartners",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:GetObjectVersion"],
      Resource: `${this.bucket.arn}/${KEY}`,
    };
    grantee.allow(statement);
    return [statement];
  }

  /** Denials, because an administrator's own `Allow` elsewhere must not open what this closes. */
  private whoMayDoWhat(writers: readonly string[]): PolicyStatement[] {
    const everything = [this.bucket.arn, `${this.bucket.arn}/*`];
    return [
      {
        Sid: "OnlyOverTls",
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:*"],
        Resource: everything,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      {
        Sid: "OnlyTheDeployerWrites",
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:PutObject*", "s3:DeleteObject*", "s3:Replicate*", "s3:RestoreObject"],
        Resource: `${this.bucket.arn}/*`,
        Condition: { ArnNotEquals: { "aws:PrincipalArn": writers } },
      },
    ];
  }

  /** The role behind the session that applies: a session's own ARN changes with every run. */
  private deployingRole(): string {
    const caller = new DataAwsCallerIdentity(this, "caller");
    return new DataAwsIamSessionContext(this, "deployer", { arn: caller.arn }).issuerArn;
  }
}
