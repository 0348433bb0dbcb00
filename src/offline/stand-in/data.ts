import { isList, type ObjectValue, type Value } from "../../provider/protocol/value";
import { ACCOUNT, arn, hash, text, zoneId } from "./identity";

/** The configuration of a data source, with what the provider block gave. */
export interface Question {
  readonly config: ObjectValue;
  readonly key: string;
  readonly region: string;
}

const SESSION = "role/stand-in-deployer";

/** What each data source finds: made up, but always the same for the same question. */
export const FOUND: { readonly [type: string]: (question: Question) => ObjectValue } = {
  aws_caller_identity: ({ region }) => ({
    id: ACCOUNT,
    account_id: ACCOUNT,
    arn: arn("iam", region, SESSION),
    user_id: "STAND-IN",
  }),
  aws_eip: ({ key }) => ({ id: `eipalloc-${key}`, domain: "vpc" }),
  aws_iam_session_context: ({ config }) => ({
    id: config.arn ?? null,
    issuer_arn: config.arn ?? null,
    session_name: "",
  }),
  aws_partition: () => ({
    id: "aws",
    partition: "aws",
    dns_suffix: "amazonaws.com",
    reverse_dns_prefix: "com.amazonaws",
  }),
  aws_region: ({ region }) => ({ id: region, name: region, description: "stand-in" }),
  aws_route53_zone: ({ config, region }) => {
    const id = text(config.zone_id) ?? zoneId(text(config.name) ?? "");
    return {
      id,
      zone_id: id,
      name: text(config.name) ?? "stand-in.example",
      arn: arn("route53", region, `hostedzone/${id}`),
    };
  },
  aws_ssm_parameter: ({ config, key, region }) => {
    const value = parameter(text(config.name) ?? "", key);
    const at = arn("ssm", region, `parameter${text(config.name)}`);
    return { id: config.name ?? null, value, insecure_value: value, type: "String", version: 1, arn: at };
  },
  aws_subnet: ({ config, key, region }) => ({
    id: text(config.id) ?? `subnet-${key}`,
    vpc_id: text(config.vpc_id) ?? `vpc-${hash("default")}`,
    availability_zone: `${region}a`,
    cidr_block: "10.0.0.0/24",
    ipv6_cidr_block: "2001:db8:0:100::/64",
  }),
};

/** Public parameters that name a machine image hold one; others hold a sentence. */
function parameter(name: string, key: string): Value {
  return name.startsWith("/aws/service/") ? `ami-${key}` : `the stand-in's value of ${name}`;
}

/** The computed members of an answer: what was configured stays as it is. */
export function found(type: string, question: Question, members: readonly string[]): ObjectValue {
  const answer: ObjectValue = { id: question.key, region: question.region, ...FOUND[type]?.(question) };
  return Object.fromEntries(
    Object.entries(answer).filter(([name]) => members.includes(name) && isAbsent(question.config[name])),
  );
}

const isAbsent = (value: Value | undefined): boolean =>
  value === undefined || value === null || (isList(value) && value.length === 0);
