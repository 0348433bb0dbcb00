/** Why a certificate was not obtained. */
export type AcmeErrorCode =
  /** The server cannot be reached, stalls, or fails inside; worth another attempt. */
  | "acme-unreachable"
  /** What it sent makes no sense, or breaks RFC 8555. */
  | "acme-answer"
  /** It asks us to wait (`rateLimited`, 429, 503 with Retry-After). */
  | "acme-rate-limited"
  /** It refuses, and says why. */
  | "acme-refused"
  /** The account is gone at the server, or was shut. */
  | "acme-account"
  /** The terms of service were not agreed to. */
  | "acme-terms"
  /** It could not validate a name. */
  | "acme-validation"
  /** A challenge record does not show at the authoritative servers. */
  | "acme-propagation"
  /** An address where the CA asks cannot be listened on. */
  | "acme-listen"
  /** The certificate that came is not the one that was asked for. */
  | "acme-certificate"
  /** The time for the whole was not enough. */
  | "acme-timeout"
  /** What is kept of an account or order on disk cannot be read. */
  | "acme-state";

/** A problem document's essence (RFC 7807, RFC 8555 section 6.7), bounded for logs. */
export interface Problem {
  /** Without the `urn:ietf:params:acme:error:` in front. */
  readonly type: string;
  readonly detail: string;
  /** What is wrong with single names. */
  readonly names: readonly { readonly name: string; readonly type: string; readonly detail: string }[];
}

/** A certificate was not obtained; the present one stays live. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  readonly problem: Problem | undefined;
  /** Milliseconds that the server wants us to wait. */
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: AcmeErrorCode,
    message: string,
    readonly remedy: string,
    more: { readonly problem?: Problem; readonly retryAfter?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.problem = more.problem;
    this.retryAfter = more.retryAfter;
  }
}

const URN = "urn:ietf:params:acme:error:";
const MAXIMUM_NAMES = 20;

/** Server's words for people: one line, printable, bounded. */
export function words(text: unknown, limit = 500): string {
  if (typeof text !== "string") return "";
  const plain = text.replace(/\p{Cc}+/gu, " ").trim();
  return plain.length > limit ? `${plain.slice(0, limit)}…` : plain;
}

/** Reads a problem document; whatever it holds, something comes out. */
export function readProblem(value: unknown): Problem {
  const { type, detail, subproblems } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const short = (text: unknown) => words(text, 100).replace(URN, "");
  const parts = Array.isArray(subproblems) ? subproblems.slice(0, MAXIMUM_NAMES) : [];
  return {
    type: short(type) || "unknown",
    detail: words(detail),
    names: parts.map((part) => {
      const { identifier, type: kind, detail: why } = (part ?? {}) as Record<string, unknown>;
      const { value: name } = (identifier ?? {}) as Record<string, unknown>;
      return { name: words(name, 253), type: short(kind), detail: words(why) };
    }),
  };
}

/** A problem in one line. */
export function problemText({ type, detail, names }: Problem): string {
  const single = names.map(({ name, type: kind, detail: why }) => `${name}: ${why} (${kind})`);
  return [detail === "" ? type : `${detail} (${type})`, ...single].join("; ");
}
