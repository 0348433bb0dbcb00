/** A stack that cannot be planned without a cloud, or that Terraform refuses. */
export class OfflineError extends Error {
  readonly expected = "a stack that Terraform takes";

  constructor(
    readonly code: "terraform-refused" | "stack-unreadable" | "stand-in-missing" | "bindings-missing",
    readonly found: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(found, options);
    this.name = "OfflineError";
  }
}
