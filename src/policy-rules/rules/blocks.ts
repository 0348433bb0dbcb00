import type { PlanValue } from "../plan";

/** The blocks of one name, however Terraform's JSON writes them. */
export function blocks(value: PlanValue | undefined): { readonly [name: string]: PlanValue }[] {
  if (Array.isArray(value))
    return value.filter((one) => typeof one === "object" && one !== null && !Array.isArray(one));
  return typeof value === "object" && value !== null ? [value as { readonly [name: string]: PlanValue }] : [];
}
