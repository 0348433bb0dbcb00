import type { Store } from "../store/store";

/** How a gateway is. Each fault is one sentence. */
export interface Health {
  readonly alive: boolean;
  readonly faults: readonly string[];
}

export interface VitalsOptions {
  readonly store: Pick<Store, "putSetting" | "committed">;
  /** ms, of a clock that never goes back. */
  readonly monotonic: () => number;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** A turn of the event loop that took longer than this is a fault for as long as STALL_REMEMBERED_MS. */
export const LONGEST_STALL_MS = 5_000;
const STALL_REMEMBERED_MS = 30_000;
const BEAT_MS = 500;
/** The state has this long to commit. */
export const COMMIT_MS = 5_000;
/** What was found out is good for this long: who asks often must not wear out the disk. */
const FRESH_MS = 1_000;
/** The state's own entry for the trial write. */
const TRIAL = "health-trial";

/** Whether the event loop turns and the state takes writes, tried out when somebody asks. */
export class Vitals {
  readonly #options: VitalsOptions;
  readonly #beat: NodeJS.Timeout;
  #lastBeat: number;
  /** The longest stall that is still remembered, ms, and when it ended. */
  #stall = { length: 0, at: 0 };
  #storeFault: string | undefined;
  #tried = Number.NEGATIVE_INFINITY;
  #trying: Promise<void> | undefined;

  constructor(options: VitalsOptions) {
    this.#options = options;
    this.#lastBeat = options.monotonic();
    this.#beat = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  /** By how much the event loop was late at worst lately, seconds. */
  get lag(): number {
    const remembered = this.#options.monotonic() - this.#stall.at < STALL_REMEMBERED_MS;
    return remembered ? this.#stall.length / 1000 : 0;
  }

  /** What the last trial found; what has not been tried is taken for good. */
  get storeFault(): string | undefined {
    return this.#storeFault;
  }

  /** Looks how late it is called: an event loop that stands still calls nobody. */
  beat(): void {
    const at = this.#options.monotonic();
    const length = Math.max(0, at - this.#lastBeat - BEAT_MS);
    this.#lastBeat = at;
    if (length >= this.#stall.length || at - this.#stall.at >= STALL_REMEMBERED_MS) this.#stall = { length, at };
  }

  /** Tries the state out, unless that has just been done. */
  async health(): Promise<Health> {
    await this.#try();
    return { alive: this.faults.length === 0, faults: this.faults };
  }

  /** What is known to be wrong, without trying anything. */
  get faults(): readonly string[] {
    const faults: string[] = [];
    if (this.#storeFault !== undefined) faults.push(this.#storeFault);
    if (this.lag * 1000 >= LONGEST_STALL_MS)
      faults.push(
        `the event loop stood still for ${this.lag.toFixed(1)} s within the last ${STALL_REMEMBERED_MS / 1000} s`,
      );
    return faults;
  }

  stop(): void {
    clearInterval(this.#beat);
  }

  /** Writes something and waits until it is durable; who asks meanwhile waits for the same trial. */
  #try(): Promise<void> {
    const { monotonic } = this.#options;
    if (this.#trying !== undefined) return this.#trying;
    if (monotonic() - this.#tried < FRESH_MS) return Promise.resolve();
    this.#trying = this.#write().then((fault) => {
      this.#storeFault = fault;
      this.#tried = monotonic();
      this.#trying = undefined;
    });
    return this.#trying;
  }

  async #write(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`the state did not commit within ${COMMIT_MS / 1000} s`), COMMIT_MS);
    });
    try {
      this.#options.store.putSetting(TRIAL, new Date(this.#options.now()).toISOString());
      return await Promise.race([this.#options.store.committed().then(() => undefined), late]);
    } catch (error) {
      return `the state cannot be written: ${(error as Error).message}`;
    } finally {
      clearTimeout(timer);
    }
  }
}
