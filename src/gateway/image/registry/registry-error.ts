/** Why an image was not pushed, found or deleted. */
export type RegistryErrorCode =
  /** The repository, tag or digest is not written as such. */
  | "repository-invalid"
  /** There is no layout at the place given, or not the image in it. */
  | "layout-missing"
  /** The layout holds what contradicts itself. */
  | "layout-invalid"
  /** Names of registries' users and passwords cannot be read from where they are kept. */
  | "credentials-invalid"
  /** No connection, or none that held; it was tried again before this is said. */
  | "registry-unreachable"
  /** The registry's certificate is not trusted here. */
  | "registry-certificate"
  /** It would have to be spoken to, or trusted with a password, without TLS. */
  | "registry-insecure"
  /** It asks who we are, and does not take what it was told. */
  | "registry-unauthorized"
  /** It knows us and forbids it. */
  | "registry-denied"
  /** It refuses for another reason, and says which. */
  | "registry-refused"
  /** It asks us to wait, or fails, each time. */
  | "registry-busy"
  /** It names another digest than that of the contents. */
  | "registry-digest"
  /** It does not keep to the distribution specification, or sends without end. */
  | "registry-misbehaves"
  /** It takes too long. */
  | "registry-timeout";

export interface RegistryErrorDetails {
  readonly cause?: unknown;
  /** Another attempt may go well. */
  readonly transient?: boolean;
  /** What the registry asked us to wait, in milliseconds. */
  readonly retryAfter?: number;
  /** HTTP status of the answer that was refused. */
  readonly status?: number;
}

/** An image was not pushed, found or deleted. Holds no password and no token. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly transient: boolean;
  readonly retryAfter: number | undefined;
  readonly status: number | undefined;

  constructor(
    readonly code: RegistryErrorCode,
    readonly found: string,
    readonly expected: string,
    readonly remedy: string,
    { cause, transient = false, retryAfter, status }: RegistryErrorDetails = {},
  ) {
    super(`${found}; expected ${expected}`, cause === undefined ? undefined : { cause });
    this.transient = transient;
    this.retryAfter = retryAfter;
    this.status = status;
  }
}
