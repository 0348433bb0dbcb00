/** Requests under way at once are few: more nonces than this are never of use. */
const KEPT = 16;
/** RFC 8555 section 6.5.1: a value that is not base64url must be passed over. */
const NONCE = /^[A-Za-z0-9_-]{1,256}$/;

/**
 * The nonces that answers bring (RFC 8555 section 6.5), so that none has to be asked for before each request. The
 * newest is given first: the server may forget old ones.
 */
export class Nonces {
  readonly #kept: string[] = [];

  keep(nonce: unknown): void {
    if (typeof nonce !== "string" || !NONCE.test(nonce)) return;
    this.#kept.push(nonce);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** One that nobody has used; undefined where the server has to be asked. */
  take(): string | undefined {
    return this.#kept.pop();
  }
}
