/** One statement of an IAM policy, as the policy's JSON has it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | { readonly [kind: string]: string };
  readonly Action: readonly string[];
  /** Left out in a trust policy, which is about the role itself. */
  readonly Resource?: string | readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: string | readonly string[] } };
}

/** Whoever may be granted something. Grants are the only source of statements: what nobody granted is not allowed. */
export interface IGrantee {
  allow(...statements: readonly PolicyStatement[]): void;
}

/** A policy document (IAM JSON policy language, version 2012-10-17). */
export const policyDocument = (statements: readonly PolicyStatement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

/** Pulling from one repository of ECR. */
export const pullStatements = (repositoryArn: string): readonly PolicyStatement[] => [
  // Logging in has no resource level.
  { Sid: "RegistryLogin", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
  {
    Sid: "PullImage",
    Effect: "Allow",
    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    Resource: repositoryArn,
  },
];
