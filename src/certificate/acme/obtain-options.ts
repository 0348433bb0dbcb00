import type { CertificateStore } from "../store/certificate-store";
import type { ExternalAccount } from "./acme-server";
import type { KeyChoice } from "./acme-state";
import type { ChallengeAnswerer } from "./challenge-answerer";
import type { ObtainStep } from "./obtain-step";

/** Who issues where the definition names no directory. */
export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** Who issues, and who we are there. */
export interface AcmeAccountOptions {
  /** The directory's URL (RFC 8555 section 7.1.1). */
  readonly directory: string;
  /** `mailto:` URLs. */
  readonly contact?: readonly string[];
  readonly agreeTerms?: boolean;
  readonly externalAccount?: ExternalAccount | undefined;
  /** CAs in PEM that the server's own TLS certificate may lead to, beside the well-known ones. */
  readonly anchorsPem?: string | undefined;
}

export interface ObtainOptions {
  readonly account: AcmeAccountOptions;
  /** dNSNames in A-labels; the first is the subject's common name where it is short enough. */
  readonly names: readonly string[];
  readonly key: KeyChoice;
  readonly friendlyName?: string | undefined;
  /** How the names are proved to be ours. */
  readonly answerer: ChallengeAnswerer;
  readonly store: CertificateStore;
  /** The certificate that is renewed, as ARI names it; only for servers that offer ARI. */
  readonly replaces?: string | undefined;
  /** Milliseconds for the whole. */
  readonly timeout: number;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (step: ObtainStep) => void;
}
