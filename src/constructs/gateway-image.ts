import type { Construct } from "constructs";
import { ConstructError } from "./construct-error";
import { type IGrantee, type PolicyStatement, pullStatements } from "./policy-statement";
import { PublishedImage, type PublishedImageProps } from "./published-image";

/** The program image that an edge host runs. */
export interface IGatewayImage {
  /** `registry/repository@sha256:…`: by digest, so that what runs is what was reviewed. */
  readonly reference: string;
  /** Host of the registry, with its port if it has one. */
  readonly registry: string;
  /** How the host proves to the registry who it is; `anonymous` where the registry asks for nothing. */
  readonly login: "ecr" | "anonymous";
  /** Lets a role pull this image; returns what it granted, nothing for a registry that asks for nothing. */
  grantPull(grantee: IGrantee): readonly PolicyStatement[];
}

// The grammar of references (OCI distribution: lower-case repository, digest of SHA-256), which leaves no room for
// spaces, quotes or anything else that a unit file would understand.
const REFERENCE =
  /^(?<registry>[a-z0-9.-]+(?::\d{1,5})?)\/(?<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)@sha256:(?<digest>[0-9a-f]{64})$/;
const ECR = /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?<china>\.cn)?$/;
const LONGEST = 512;

/** The program image, given by its reference or out of what was built here. */
export class GatewayImage implements IGatewayImage {
  private constructor(
    readonly reference: string,
    readonly registry: string,
    private readonly repository: string,
  ) {}

  /**
   * An image that is in a registry.
   * @param reference `registry/repository@sha256:…`; a tag does not do, because it can come to mean another program
   * @throws ConstructError where the reference has no digest or is none
   */
  static fromReference(reference: string): GatewayImage {
    const parts = reference.length <= LONGEST ? REFERENCE.exec(reference)?.groups : undefined;
    if (parts) return new GatewayImage(reference, parts.registry!, parts.repository!);
    const found = JSON.stringify(reference.slice(0, LONGEST));
    if (!reference.includes("@sha256:")) {
      throw new ConstructError(
        "GatewayImage",
        "reference",
        `has no digest: ${found}`,
        "give registry/repository@sha256:<64 hex digits>; a tag can come to mean another program",
      );
    }
    throw new ConstructError(
      "GatewayImage",
      "reference",
      `is not an image by digest: ${found}`,
      "give registry/repository@sha256:<64 hex digits>",
    );
  }

  /**
   * An image that was built on this machine: a repository of its own, and the push within the deploy.
   * @throws ConstructError where a prop cannot be honoured
   */
  static fromLayout(scope: Construct, id: string, props: PublishedImageProps): PublishedImage {
    return new PublishedImage(scope, id, props);
  }

  /** An image that does not exist, for examples and trials: its digest is all zeros and a deployed host would not start. */
  static example(): GatewayImage {
    return GatewayImage.fromReference(
      `123456789012.dkr.ecr.eu-central-1.amazonaws.com/xmpp-edge@sha256:${"0".repeat(64)}`,
    );
  }

  /** It is the one of `example()`. */
  get isExample(): boolean {
    return this.reference.endsWith(`@sha256:${"0".repeat(64)}`);
  }

  get login(): "ecr" | "anonymous" {
    return ECR.test(this.registry) ? "ecr" : "anonymous";
  }

  grantPull(grantee: IGrantee): readonly PolicyStatement[] {
    const ecr = ECR.exec(this.registry)?.groups;
    if (!ecr) return [];
    const partition = ecr.china ? "aws-cn" : "aws";
    const statements = pullStatements(
      `arn:${partition}:ecr:${ecr.region}:${ecr.account}:repository/${this.repository}`,
    );
    grantee.allow(...statements);
    return statements;
  }
}
