import { answerText, COUNT_MODULUS } from "../../stream/stream-management";

/** How many stanzas of a peer were handled since it enabled stream management, and our telling it so. */
export class HandledCount {
  readonly #committed: () => Promise<void>;
  #handled: number;
  #answering = false;
  /** It was asked again while an answer was on its way. */
  #again = false;

  /**
   * @param committed resolves when all that was accepted until now survives the process: only then it counts
   * @param handled what was handled before, in a session that goes on
   */
  constructor(committed: () => Promise<void>, handled = 0) {
    this.#committed = committed;
    this.#handled = handled;
  }

  get handled(): number {
    return this.#handled;
  }

  /** One more stanza was accepted. */
  add(): void {
    this.#handled = (this.#handled + 1) % COUNT_MODULUS;
  }

  /**
   * Answers a request. However often the peer asks, it is answered once a commit.
   * @throws where the state cannot be written any more
   */
  async answer(write: (text: string) => void): Promise<void> {
    if (this.#answering) {
      this.#again = true;
      return;
    }
    this.#answering = true;
    try {
      do {
        this.#again = false;
        const handled = this.#handled;
        await this.#committed();
        write(answerText(handled));
      } while (this.#again);
    } finally {
      this.#answering = false;
    }
  }
}
