// What the bindings do not carry, entered by hand from the provider's documentation for the resources served.

interface ByType {
  readonly [type: string]: readonly string[];
}

/** A change of one of these replaces the object. */
export const REPLACES: ByType = {
  aws_acm_certificate: ["domain_name", "subject_alternative_names", "key_algorithm", "validation_method"],
  aws_acm_certificate_validation: ["certificate_arn", "validation_record_fqdns"],
  aws_cloudwatch_log_group: ["name", "name_prefix", "log_group_class"],
  aws_cloudwatch_metric_alarm: ["alarm_name"],
  aws_ebs_volume: ["availability_zone", "encrypted", "kms_key_id", "snapshot_id"],
  aws_ecr_lifecycle_policy: ["repository", "policy"],
  aws_ecr_repository: ["name", "encryption_configuration"],
  aws_eip: ["domain", "public_ipv4_pool", "network_border_group"],
  aws_eip_association: ["allocation_id", "instance_id", "network_interface_id"],
  aws_iam_instance_profile: ["name", "name_prefix", "path"],
  aws_iam_role: ["name", "name_prefix", "path"],
  aws_iam_role_policy: ["name", "name_prefix", "role"],
  aws_instance: ["ami", "availability_zone", "subnet_id", "key_name", "private_ip", "primary_network_interface"],
  aws_network_interface: ["subnet_id", "interface_type"],
  aws_route: ["route_table_id", "destination_cidr_block", "destination_ipv6_cidr_block"],
  aws_route53_record: ["zone_id", "name"],
  aws_route_table: ["vpc_id"],
  aws_route_table_association: ["subnet_id"],
  aws_s3_bucket: ["bucket", "bucket_prefix"],
  aws_s3_bucket_policy: ["bucket"],
  aws_s3_object: ["bucket", "key"],
  aws_security_group: ["name", "name_prefix", "description", "vpc_id"],
  aws_subnet: ["cidr_block", "availability_zone", "vpc_id"],
  aws_volume_attachment: ["device_name", "instance_id", "volume_id"],
  aws_vpc: ["cidr_block", "instance_tenancy"],
  aws_vpc_security_group_egress_rule: ["security_group_id"],
  aws_vpc_security_group_ingress_rule: ["security_group_id"],
};

/** Computed values that move whenever the object changes in place. */
export const MOVES: ByType = { aws_s3_object: ["etag", "version_id"] };

/** Secrets. */
export const SENSITIVE: ByType = { "data.aws_ssm_parameter": ["value"] };
