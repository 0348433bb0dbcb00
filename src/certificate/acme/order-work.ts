import { AcmeError } from "./acme-error";
import type { AcmeServer } from "./acme-server";
import type { AcmeState, AnswerRecord, StoredOrder } from "./acme-state";
import type { ObtainOptions } from "./obtain-options";
import type { ObtainStep } from "./obtain-step";
import { patiently } from "./patiently";

/** The order under way: what is written down of it, and whom it is carried through with. */
export class OrderWork {
  /** Each once, as they were given. */
  readonly names: readonly string[];

  constructor(
    readonly options: ObtainOptions,
    readonly state: AcmeState,
    readonly server: AcmeServer,
  ) {
    this.names = [...new Set(options.names)];
  }

  /** What is written down of the order. @throws AcmeError `acme-state` where nothing is */
  stored(): StoredOrder {
    const stored = this.state.order;
    if (stored !== undefined) return stored;
    throw new AcmeError(
      "acme-state",
      "the order's file has gone meanwhile",
      "let one process at a time work on a store",
    );
  }

  remember(change: Partial<StoredOrder>): void {
    this.state.order = { ...this.stored(), ...change };
  }

  /** Takes published records away, and only then their mention. */
  async clear(records: readonly AnswerRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.options.answerer.remove(records);
    if (this.state.order !== undefined) this.remember({ records: [] });
  }

  /** The order is over: its records go, and the next attempt begins anew. */
  async forget(): Promise<void> {
    await this.clear(this.stored().records);
    this.state.order = undefined;
  }

  at(step: ObtainStep): void {
    this.options.onStep?.(step);
  }

  call<T>(work: () => Promise<T>): Promise<T> {
    return patiently(work, this.options);
  }

  async pause(milliseconds: number): Promise<void> {
    await this.options.sleep(milliseconds);
    if (this.options.signal?.aborted)
      throw new AcmeError("acme-timeout", "given up", "call again: it goes on where it was");
  }
}
