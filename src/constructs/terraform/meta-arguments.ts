import type { TerraformMetaArguments, TerraformResourceConfig } from "cdktf";

/** What every resource and data source takes beside its own. The provider has no configuration, so it is not named. */
export type MetaArguments = Pick<TerraformMetaArguments, "dependsOn" | "count" | "forEach" | "lifecycle">;

/** What CDKTF wants to know of a resource or data source of ours. */
export function elementConfig(
  terraformResourceType: string,
  { dependsOn, count, forEach, lifecycle }: MetaArguments,
): TerraformResourceConfig {
  return {
    terraformResourceType,
    terraformGeneratorMetadata: { providerName: "xmppedge" },
    ...(dependsOn !== undefined && { dependsOn }),
    ...(count !== undefined && { count }),
    ...(forEach !== undefined && { forEach }),
    ...(lifecycle !== undefined && { lifecycle }),
  };
}
