import { isNested, type NestedType, type Type } from "../../provider/protocol/schema";
import { isList, type ObjectValue, type Value } from "../../provider/protocol/value";
import { ACCOUNT, arn, hash, nameOf, octet, text, zoneId } from "./identity";

/** The object that a value is made for. */
export interface Place {
  readonly type: string;
  readonly planned: ObjectValue;
  readonly key: string;
  readonly id: string;
  readonly region: string;
}

/** ARN services where the second word of the type is not the service's name. */
const SERVICES: { readonly [type: string]: string } = {
  aws_acm_certificate: "acm",
  aws_cloudwatch_metric_alarm: "cloudwatch",
  aws_iam_role: "iam",
  aws_iam_instance_profile: "iam",
  aws_s3_bucket: "s3",
  aws_s3_object: "s3",
};

/** Values with documented shapes that others refer to: `type.attribute`. */
const SPECIAL: { readonly [attribute: string]: (place: Place) => Value } = {
  "aws_acm_certificate.arn": ({ region, key }) => arn("acm", region, `certificate/${uuid(key)}`),
  "aws_acm_certificate.domain_validation_options": validationOptions,
  "aws_cloudwatch_log_group.arn": ({ region, id }) => arn("logs", region, `log-group:${id}`),
  "aws_ecr_lifecycle_policy.registry_id": () => ACCOUNT,
  "aws_ecr_repository.arn": ({ region, id }) => arn("ecr", region, `repository/${id}`),
  "aws_ecr_repository.registry_id": () => ACCOUNT,
  "aws_ecr_repository.repository_url": ({ region, id }) => `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com/${id}`,
  "aws_eip.allocation_id": ({ id }) => id,
  "aws_eip.public_ip": ({ key }) => `203.0.113.${1 + (octet(key) % 254)}`,
  "aws_iam_instance_profile.arn": ({ region, id }) => arn("iam", region, `instance-profile/${id}`),
  "aws_iam_role.arn": ({ region, id }) => arn("iam", region, `role/${id}`),
  "aws_instance.instance_state": () => "running",
  "aws_network_interface.ipv6_addresses": ipv6Addresses,
  "aws_network_interface.ipv6_address_list": ipv6Addresses,
  "aws_network_interface.private_ip": privateAddress,
  "aws_network_interface.private_ips": (place) => [privateAddress(place)],
  "aws_network_interface.private_ip_list": (place) => [privateAddress(place)],
  "aws_route53_record.fqdn": ({ planned }) => planned.name ?? null,
  "aws_s3_object.etag": contentHash,
  "aws_s3_object.version_id": contentHash,
  "aws_vpc.ipv6_cidr_block": ({ planned }) => (planned.assign_generated_ipv6_cidr_block ? "2001:db8:0:100::/56" : ""),
};

/** Values that mean the same in every resource. */
const COMMON: { readonly [attribute: string]: (place: Place) => Value } = {
  arn: ({ type, region, id }) => {
    const service = SERVICES[type] ?? "ec2";
    return arn(service, region, service === "s3" ? id : `${type.split("_").slice(1).join("-")}/${id}`);
  },
  hosted_zone_id: () => zoneId("regional"),
  id: ({ id }) => id,
  bucket: ({ planned, key }) => nameOf(planned, key),
  name: ({ planned, key }) => nameOf(planned, key),
  owner_id: () => ACCOUNT,
  region: ({ region }) => region,
  security_group_rule_id: ({ id }) => id,
};

/** One computed attribute: by type and name first, by name next, empty last. */
export function made(place: Place, name: string, type: Type | NestedType, path: readonly (string | number)[]): Value {
  if (path.length === 1) {
    const value = SPECIAL[`${place.type}.${name}`] ?? COMMON[name];
    if (value) return value(place);
  }
  return empty(type);
}

function empty(type: Type | NestedType): Value {
  if (isNested(type)) return type.nested === "single" ? null : type.nested === "map" ? {} : [];
  if (typeof type === "string" || type[0] === "object") return null;
  return type[0] === "map" ? {} : [];
}

/** Ids of certificates are UUIDs. */
const uuid = (key: string): string => hash(`${key} uuid`, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** What ACM wants to see in the DNS, a record a name; a wildcard's is its parent's. */
function validationOptions({ planned }: Place): Value {
  return certificateNames(planned).map((name) => {
    const owner = name.replace(/^\*\./, "");
    return {
      domain_name: name,
      resource_record_name: `_${hash(owner, 32)}.${owner}.`,
      resource_record_type: "CNAME",
      resource_record_value: `_${hash(`${owner} value`, 32)}.acm-validations.aws.`,
    };
  });
}

/** The names of an ACM certificate, where they are known. */
export function certificateNames({ domain_name, subject_alternative_names }: ObjectValue): string[] {
  const more = isList(subject_alternative_names) ? subject_alternative_names : [];
  return [...new Set([domain_name, ...more])].filter((name) => typeof name === "string");
}

function ipv6Addresses({ planned, key }: Place): Value {
  const count = typeof planned.ipv6_address_count === "number" ? planned.ipv6_address_count : 0;
  return Array.from({ length: count }, (_, at) => `2001:db8::${hash(`${key}${at}`, 4)}`);
}

function privateAddress({ key }: Place): string {
  return `10.0.${octet(key, 0)}.${octet(key, 1)}`;
}

function contentHash({ planned }: Place): Value {
  return hash(text(planned.content) ?? text(planned.source_hash) ?? "", 32);
}
