import type { PlannedResource } from "../plan";
import type { PlanRule, Violation } from "../rule";

/** Arguments that hold an IAM policy which grants its bearer rights. */
const POLICIES: { readonly [type: string]: string } = {
  aws_iam_group_policy: "policy",
  aws_iam_policy: "policy",
  aws_iam_role_policy: "policy",
  aws_iam_user_policy: "policy",
};
const ATTACHED: { readonly [type: string]: string } = {
  aws_iam_group_policy_attachment: "policy_arn",
  aws_iam_role_policy_attachment: "policy_arn",
  aws_iam_user_policy_attachment: "policy_arn",
};

/** Actions for which AWS knows no resource (service authorization reference). */
const WITHOUT_RESOURCE = new Set(["ecr:GetAuthorizationToken", "route53:ListHostedZonesByName"]);
/** The same, where a condition narrows it. */
const WITH_CONDITION: { readonly [action: string]: string } = { "cloudwatch:PutMetricData": "cloudwatch:namespace" };
/** Ids that nobody knows beforehand, below what is named. */
const OPEN_ENDS = [/:log-group:[^*]+:log-stream:\*$/, /:route53:::change\/\*$/];
const TOO_MUCH = /:policy\/(?:.*\/)?(AdministratorAccess|PowerUserAccess|\w*FullAccess)$/;

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: string | readonly string[];
  readonly NotResource?: unknown;
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: unknown } };
}

export const wildcardRight: PlanRule = {
  id: "wildcard-right",
  severity: "error",
  title: "every right names its actions and the one thing that it is for",
  remedy: "name actions and ARNs; constructs grant exactly that by grantRead, grantPull, grantObtain, grantWrite",
  check: ({ resources }) => resources.flatMap((resource) => [...inPolicy(resource), ...attached(resource)]),
};

function inPolicy({ address, type, mode, values, unknown, actions }: PlannedResource): Violation[] {
  const argument = mode === "managed" ? POLICIES[type] : undefined;
  if (argument === undefined || actions.join() === "delete") return [];
  const text = values[argument];
  if (typeof text !== "string") {
    const hidden = { address, found: `${argument} not known yet`, expected: "a known policy", unjudged: true } as const;
    return unknown.includes(argument) ? [hidden] : [];
  }
  const statements = statementsOf(text);
  if (statements === undefined) return [{ address, found: "a policy that is no JSON", expected: "a policy document" }];
  return statements.flatMap((statement) => judge(address, statement));
}

function judge(address: string, statement: Statement): Violation[] {
  if (statement.Effect !== "Allow") return [];
  const say = (found: string, expected: string): Violation => ({ address, found, expected });
  const actions = list(statement.Action);
  const found: Violation[] = [];
  if (statement.NotAction !== undefined) found.push(say("NotAction: all rights but some", "Action"));
  if (statement.NotResource !== undefined) found.push(say("NotResource: everything but some", "Resource"));
  for (const action of actions) if (/[*?]/.test(action)) found.push(say(`Action ${action}`, "named actions"));
  const onAnything = actions.filter((action) => !mayBeOnAnything(action, statement));
  for (const resource of list(statement.Resource)) {
    if (!/[*?]/.test(resource) || OPEN_ENDS.some((end) => end.test(resource))) continue;
    if (resource !== "*") found.push(say(`Resource ${resource}`, "the ARN of one thing"));
    else if (onAnything.length > 0) found.push(say(`${onAnything.join(", ")} on every resource`, "named resources"));
  }
  return found;
}

function mayBeOnAnything(action: string, { Condition = {} }: Statement): boolean {
  const key = WITH_CONDITION[action];
  const isNarrowed = key !== undefined && Object.values(Condition).some((keys) => key in keys);
  return WITHOUT_RESOURCE.has(action) || isNarrowed;
}

function attached({ address, type, values }: PlannedResource): Violation[] {
  const arns = type === "aws_iam_role" ? list(values.managed_policy_arns) : list(values[ATTACHED[type] ?? ""]);
  return arns
    .filter((arn) => TOO_MUCH.test(arn))
    .map((arn) => ({ address, found: `the managed policy ${arn}`, expected: "a policy of its own" }));
}

function statementsOf(text: string): readonly Statement[] | undefined {
  try {
    const { Statement } = JSON.parse(text) as { Statement?: Statement | readonly Statement[] };
    return Array.isArray(Statement) ? Statement : Statement === undefined ? [] : [Statement as Statement];
  } catch {
    return undefined;
  }
}

function list(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}
