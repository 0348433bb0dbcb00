import type { SecureContext } from "node:tls";
import type { TrustStore } from "../../certificate/trust-store";
import type { ConnectTo } from "./connect-to";

/** How the servers are looked at that partners connect to. */
export interface ProbingOptions {
  /** The domain that we say we are. Default: for each local domain a partner that may talk to it. */
  readonly from?: string;
  /** CAs that the chains must lead to. Default: those that the system trusts. */
  readonly trustAnchors?: TrustStore;
  readonly connectTo?: readonly ConnectTo[];
  /** Seconds for one connection with all that is said in it. Default 10. */
  readonly timeout?: number;
  /**
   * With a certificate of ours, which is shown: SASL EXTERNAL is offered only to whom it would let in. Default: none
   * is shown, and nothing is said where that would matter.
   */
  readonly secureContext?: SecureContext;
  /** Ranges (`10.0.0.0/8`) that may be dialled though they are not public. Default: none, but see `allowPrivate`. */
  readonly allowedTargets?: readonly string[];
}

/** Partner domains that are looked at: all, none, or so many of the first. */
export type PartnersLookedAt = "all" | "none" | number;

/** A run over thousands of partners would not end in time, and nobody waits for it who wants to know of his own. */
export const PARTNERS_LOOKED_AT = 50;
