/** What becomes of a peer that wants a TLS handshake. */
export interface HandshakeOutcome {
  /** Others come first: nothing of the peer is read meanwhile. */
  onWait(): void;
  onTurn(): void;
  onRefused(): void;
}

/** A TLS handshake costs more than all before it: over the rate the peer waits for its turn, within its time. */
export class HandshakeTurn {
  #timer: NodeJS.Timeout | undefined;

  /** @param wait how long, ms; undefined where its turn would come too late */
  take(wait: number | undefined, outcome: HandshakeOutcome): void {
    if (wait === 0) {
      outcome.onTurn();
      return;
    }
    outcome.onWait();
    this.#timer =
      wait === undefined ? setTimeout(() => outcome.onRefused(), 0) : setTimeout(() => outcome.onTurn(), wait).unref();
  }

  /** The peer has gone. */
  leave(): void {
    clearTimeout(this.#timer);
  }
}
