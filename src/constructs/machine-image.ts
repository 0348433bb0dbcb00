import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import type { Construct } from "constructs";

/** The processor that an instance type has. AWS marks its own (arm64) by a `g` after the generation: t4g, m7gd, c7gn. */
export function architectureOf(instanceType: string): "arm64" | "x86_64" {
  return /^([a-z]+\d+g[a-z-]*|a1)\./.test(instanceType) ? "arm64" : "x86_64";
}

/**
 * The newest Debian 12 machine image, which has podman in its own archive. It is read from the parameter that the
 * Debian project publishes; its `insecure_value`, because `value` is secret to Terraform and would hide the image in
 * every plan.
 */
export function debianMachineImage(scope: Construct, id: string, instanceType: string): string {
  const architecture = architectureOf(instanceType) === "arm64" ? "arm64" : "amd64";
  return new DataAwsSsmParameter(scope, id, { name: `/aws/service/debian/release/12/latest/${architecture}` })
    .insecureValue;
}
