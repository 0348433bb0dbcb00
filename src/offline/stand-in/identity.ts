import { createHash } from "node:crypto";
import { isUnknown, type ObjectValue, type Value } from "../../provider/protocol/value";

/** The marker account: whoever sees it in a state knows that the stand-in made it. */
export const ACCOUNT = "123456789012";

export const hash = (text: string, length = 17): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

/** A number 0–255 that is always the same for the same text. */
export const octet = (text: string, at = 0): number => createHash("sha256").update(text).digest()[at]!;

/** An object's stable key: a hash of what was configured, so that the same stack gets the same ids every time. */
export const keyOf = (type: string, value: ObjectValue): string =>
  hash(`${type}\0${JSON.stringify(value, (_, member) => (isUnknown(member) ? undefined : member))}`);

const REGIONLESS = new Set(["iam", "route53", "s3"]);

export function arn(service: string, region: string, resource: string): string {
  return `arn:aws:${service}:${REGIONLESS.has(service) ? "" : region}:${service === "s3" ? "" : ACCOUNT}:${resource}`;
}

export const zoneId = (name: string): string => `Z${hash(name, 20).toUpperCase()}`;

const PREFIX: { readonly [type: string]: string } = {
  aws_ebs_volume: "vol",
  aws_eip: "eipalloc",
  aws_eip_association: "eipassoc",
  aws_instance: "i",
  aws_internet_gateway: "igw",
  aws_network_interface: "eni",
  aws_route: "r",
  aws_route_table: "rtb",
  aws_route_table_association: "rtbassoc",
  aws_security_group: "sg",
  aws_subnet: "subnet",
  aws_volume_attachment: "vai",
  aws_vpc: "vpc",
  aws_vpc_security_group_egress_rule: "sgr",
  aws_vpc_security_group_ingress_rule: "sgr",
};

/** Which members an id is made of, for the resources that are known by their names. */
const NAMED: { readonly [type: string]: readonly string[] } = {
  aws_cloudwatch_log_group: ["name"],
  aws_cloudwatch_metric_alarm: ["alarm_name"],
  aws_ecr_lifecycle_policy: ["repository"],
  aws_ecr_repository: ["name"],
  aws_iam_instance_profile: ["name"],
  aws_iam_role: ["name"],
  aws_iam_role_policy: ["role", "name"],
  aws_route53_record: ["zone_id", "name", "type"],
  aws_s3_bucket: ["bucket"],
  aws_s3_bucket_ownership_controls: ["bucket"],
  aws_s3_bucket_policy: ["bucket"],
  aws_s3_bucket_public_access_block: ["bucket"],
  aws_s3_bucket_server_side_encryption_configuration: ["bucket"],
  aws_s3_bucket_versioning: ["bucket"],
  aws_s3_object: ["bucket", "key"],
};
const JOINT: { readonly [type: string]: string } = { aws_iam_role_policy: ":", aws_s3_object: "/" };

/** The id of a new object, in the documented shape of its type. */
export function idOf(type: string, value: ObjectValue, key: string): string {
  const names = NAMED[type];
  if (names) {
    const parts = names.map((name) => text(value[name]) ?? nameOf(value, key));
    return parts.join(JOINT[type] ?? "_");
  }
  const prefix = PREFIX[type];
  return prefix === undefined ? key : `${prefix}-${key}`;
}

/** The name that the provider would generate. */
export function nameOf(value: ObjectValue, key: string): string {
  return `${text(value.name_prefix) ?? text(value.bucket_prefix) ?? "terraform-"}${hash(key, 12)}`;
}

export const text = (value: Value | undefined): string | undefined => (typeof value === "string" ? value : undefined);
