/** Why a certificate was not exported. */
export type AcmErrorCode =
  /** ACM cannot be reached, or asks us to wait; worth another attempt. */
  | "acm-unreachable"
  /** It refuses, and says why: rights, region, a certificate that is not exportable. */
  | "acm-refused"
  /** The certificate is not issued (yet). */
  | "acm-not-issued"
  /** What it gave is not the certificate that the definition asks for. */
  | "acm-certificate";

/** A certificate was not exported out of ACM; the present one stays live. */
export class AcmError extends Error {
  override readonly name = "AcmError";

  constructor(
    readonly code: AcmErrorCode,
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
