/**
 * What becomes of the addresses, the state and the document when the stack is destroyed or one of them would have to
 * be replaced. `retain`: Terraform refuses, because partners have the addresses in their firewalls and the volume
 * holds contacts and queued messages. `destroy`: they go, which is right for trials alone.
 */
export type RemovalPolicy = "retain" | "destroy";

/** The lifecycle of a resource that is kept or given up. */
export const lifecycleOf = (removal: RemovalPolicy): { readonly preventDestroy: boolean } => ({
  preventDestroy: removal === "retain",
});
