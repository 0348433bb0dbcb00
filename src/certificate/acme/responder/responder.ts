import type { ServerAddress } from "../../../dns/resolver";

/** What a CA that asks for one name is to be told. */
export interface ChallengeAnswer {
  /** The name that is proved, in A-labels. */
  readonly name: string;
  /** The challenge's token, base64url. */
  readonly token: string;
  /** RFC 8555 section 8.1: token, dot, thumbprint of the account's key. No secret: it is made to be shown. */
  readonly keyAuthorization: string;
}

/** Servers on some addresses. */
export interface Listening {
  readonly addresses: readonly ServerAddress[];
  close(): Promise<void>;
}

/** Answers a CA's questions while an order is open, and nobody else's. */
export interface Responder extends Listening {
  /** All that is answered from now on; what was before is not any more. */
  answer(answers: readonly ChallengeAnswer[]): Promise<void>;
}

/** Bounds on strangers: a CA asks from a handful of places, with a handful of octets. */
export const RESPONDER_LIMITS = {
  /** Connections at once at one address; a further one sheds the oldest. */
  connections: 128,
  /** Milliseconds that one connection may take in all. */
  connection: 10_000,
  /** Octets of an HTTP request's head. */
  head: 8_192,
} as const;
