/** The provider could not be laid out. */
export class ProviderInstallError extends Error {
  override readonly name = "ProviderInstallError";

  constructor(
    readonly code: "provider-not-built" | "provider-unwritable" | "provider-not-single",
    readonly found: string,
    readonly expected: string,
    readonly remedy: string,
  ) {
    super(`${found}; expected ${expected}`);
  }
}
