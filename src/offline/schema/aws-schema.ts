import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Block } from "../../provider/protocol/schema";
import { Binding, bindingFolder } from "./binding";
import { BindingsError } from "./source";

/** The AWS provider's schema as its generated bindings state it, for the resources that were asked for. */
export interface AwsSchema {
  /** The provider release that the bindings were generated from. */
  readonly version: string;
  readonly config: Block;
  readonly resources: { readonly [type: string]: Block };
  readonly data: { readonly [type: string]: Block };
}

/**
 * Rebuilds the schema of `hashicorp/aws` out of the installed bindings, because the provider itself cannot be had
 * without the Terraform registry. Exact in names, types, required, optional and computed, block nesting and "at most
 * one". Lost, because the bindings do not carry it: sensitive and write-only flags, which change replaces, defaults,
 * validation of values, and schema versions.
 *
 * @param names resource types (`aws_eip`) and data sources (`data.aws_partition`)
 */
export function awsSchema(names: readonly string[], bindings = installedBindings()): AwsSchema {
  const provider = new Binding(join(bindings, "lib", "provider")).read();
  const resources: { [type: string]: Block } = {};
  const data: { [type: string]: Block } = {};
  let version = provider.providerVersion;
  for (const name of names) {
    const folder = bindingFolder(bindings, name);
    if (!existsSync(join(folder, "index.js"))) throw new BindingsError(folder, `no binding of ${name}`);
    const bound = new Binding(folder).read();
    version ??= bound.providerVersion;
    (bound.kind === "data" ? data : resources)[bound.type] = bound.schema;
  }
  if (version === undefined) throw new BindingsError(bindings, "no binding names the provider's version");
  return { version, config: provider.schema, resources, data };
}

export const installedBindings = (): string => dirname(require.resolve("@cdktf/provider-aws/package.json"));

/** The release of the installed bindings, for caches. */
export function bindingsVersion(bindings = installedBindings()): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(bindings, "package.json"), "utf8"));
  return version;
}
