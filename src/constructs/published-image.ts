import { join, relative, resolve } from "node:path";
import { EcrLifecyclePolicy } from "@cdktf/provider-aws/lib/ecr-lifecycle-policy";
import { EcrRepository } from "@cdktf/provider-aws/lib/ecr-repository";
import { App, Fn, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { ConstructError } from "./construct-error";
import type { IGatewayImage } from "./gateway-image";
import { ownProvider } from "./own-provider";
import { type IGrantee, type PolicyStatement, pullStatements } from "./policy-statement";
import { lifecycleOf, type RemovalPolicy } from "./removal-policy";
import { XmppedgeImage } from "./terraform";

/** An image that was built on this machine, as `buildImage` and `xmpp-edge image build --json` give it. */
export interface ImageLayout {
  /** The OCI layout's folder. */
  readonly layout: string;
  /** `sha256:…` of the program image in it. */
  readonly programDigest: string;
}

export interface PublishedImageProps extends ImageLayout {
  /**
   * Name of the ECR repository; lower case.
   * @default "xmpp-edge"
   */
  readonly repositoryName?: string;
  /**
   * How many program images the repository keeps, the one that runs among them.
   * @default 10
   */
  readonly keep?: number;
  /**
   * Whether the repository and its images outlive the stack.
   * @default "retain"
   */
  readonly removal?: RemovalPolicy;
}

/** ECR's grammar of repository names; two characters at least. */
const NAME = /^(?=.{2,256}$)[a-z0-9]+(?:[._/-][a-z0-9]+)*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** The tags of program images; hosts run digests, a tag is what the keeping is counted by. */
const TAG = "program-";

/**
 * The program image in a repository of its own, pushed within the deploy before a host wants it. A program that is
 * there already is not pushed again. Tags never come to mean another program.
 */
export class PublishedImage extends Construct implements IGatewayImage {
  readonly repository: EcrRepository;
  readonly image: XmppedgeImage;
  readonly login = "ecr";

  constructor(scope: Construct, id: string, props: PublishedImageProps) {
    super(scope, id);
    const { layout, programDigest, repositoryName = "xmpp-edge", keep = 10, removal = "retain" } = props;
    const refuse = (prop: string, found: unknown, remedy: string) =>
      new ConstructError("GatewayImage", prop, `is ${JSON.stringify(found)}`, remedy);
    if (!DIGEST.test(programDigest)) throw refuse("programDigest", programDigest, "give sha256:<64 hex digits>");
    if (!Token.isUnresolved(repositoryName) && !NAME.test(repositoryName))
      throw refuse("repositoryName", repositoryName, "give a name of ECR: lower case letters, digits, single . _ - /");
    if (!Number.isSafeInteger(keep) || keep < 2)
      throw refuse("keep", keep, "keep 2 or more: what runs and what ran before");

    this.repository = new EcrRepository(this, "repository", {
      name: repositoryName,
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: [{ encryptionType: "AES256" }],
      forceDelete: removal === "destroy",
      lifecycle: lifecycleOf(removal),
    });
    const expiring = new EcrLifecyclePolicy(this, "keeping", {
      repository: this.repository.name,
      policy: JSON.stringify({
        rules: [
          {
            rulePriority: 1,
            description: `keep the last ${keep} programs`,
            // Tagged ones alone: the manifests of the architectures have no tag, and are in use by one that has.
            selection: {
              tagStatus: "tagged",
              tagPatternList: [`${TAG}*`],
              countType: "imageCountMoreThan",
              countNumber: keep,
            },
            action: { type: "expire" },
          },
        ],
      }),
    });
    ownProvider(this);
    this.image = new XmppedgeImage(this, "image", {
      layout: fromStack(this, layout),
      repository: this.repository.repositoryUrl,
      digest: programDigest,
      tag: `${TAG}${programDigest.slice("sha256:".length, "sha256:".length + 16)}`,
      dependsOn: [expiring],
    });
    this.node.defaultChild = this.image;
  }

  /** By digest, and only when it has been pushed: what names this waits for it. */
  get reference(): string {
    return this.image.reference;
  }

  get registry(): string {
    return Fn.element(Fn.split("/", this.repository.repositoryUrl), 0);
  }

  grantPull(grantee: IGrantee): readonly PolicyStatement[] {
    const statements = pullStatements(this.repository.arn);
    grantee.allow(...statements);
    return statements;
  }
}

/** Terraform runs in the stack's folder. A path from there is the same on every machine. */
function fromStack(scope: Construct, path: string): string {
  const stack = TerraformStack.of(scope);
  return relative(resolve(join(App.of(scope).outdir, "stacks", stack.node.id)), resolve(path));
}
