/** Something that no certificate request can be made of. */
export class CertificateRequestError extends Error {
  override readonly name = "CertificateRequestError";

  constructor(
    readonly code: "bad-template" | "bad-name",
    readonly found: string,
    readonly remedy: string,
  ) {
    super(`certificate request: ${found}`);
  }
}
