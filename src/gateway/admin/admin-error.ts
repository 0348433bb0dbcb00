/** The admin port cannot be served. The message says what was found, `remedy` what to do. */
export class AdminError extends Error {
  override readonly name = "AdminError";

  constructor(
    readonly code: "address-in-use" | "address-unusable" | "token-missing" | "token-unusable",
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
