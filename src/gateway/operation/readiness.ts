/** What readiness is judged by. */
export interface ReadinessFacts {
  /** Started, and not stopping. */
  readonly serving: boolean;
  readonly listening: number;
  readonly localDomains: readonly string[];
  readonly certificates: readonly { readonly domain: string; readonly notBefore: string; readonly notAfter: string }[];
  /** What is wrong with the process or its state. */
  readonly faults: readonly string[];
  readonly now: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not. */
  readonly reason?: string;
  /** What does not work although the rest does. */
  readonly degraded?: readonly string[];
}

/**
 * Whether partners can be served: listening, the state writable, and a valid certificate. A domain without one is named;
 * it takes readiness away only where no domain is left that has one.
 */
export function readiness({ serving, listening, localDomains, certificates, faults, now }: ReadinessFacts): Readiness {
  if (!serving) return { ready: false, reason: "starting or stopping" };
  if (listening === 0) return { ready: false, reason: "nothing listens" };
  const [fault] = faults;
  if (fault !== undefined) return { ready: false, reason: fault };
  const bad = localDomains.flatMap((domain) => {
    const served = certificates.find((one) => one.domain === domain);
    if (served === undefined) return [`no certificate names ${domain}`];
    if (Date.parse(served.notAfter) <= now) return [`the certificate of ${domain} expired at ${served.notAfter}`];
    if (Date.parse(served.notBefore) > now)
      return [`the certificate of ${domain} is valid from ${served.notBefore} only`];
    return [];
  });
  if (bad.length === 0) return { ready: true };
  if (bad.length === localDomains.length) return { ready: false, reason: bad.join("; ") };
  return { ready: true, degraded: bad };
}
