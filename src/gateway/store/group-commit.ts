/** What a group commit needs of a database. */
export interface Transactions {
  begin(): unknown;
  commit(): unknown;
  rollback(): unknown;
}

/** The latest moment, in ms after its first write, at which a transaction is committed. */
const LATEST_COMMIT = 5;

/**
 * Gathers the writes of many callers into one transaction. It is committed when somebody waits for `committed` and the
 * event loop has turned, so that all that came in with one turn shares a commit, and at the latest 5 ms after its first
 * write.
 *
 * Fails closed: after a failed write or commit the open transaction is rolled back, everyone who waits is told, and
 * nothing is taken over any more. What was committed stays.
 */
export class GroupCommit {
  #open = false;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #waiting: PromiseWithResolvers | undefined;
  #ended: Error | undefined;

  /** @param onFailure makes the error that callers get, from what the database threw; called once */
  constructor(
    private readonly database: Transactions,
    private readonly onFailure: (cause: unknown) => Error,
  ) {}

  /** Makes sure that a transaction is open; to be called before every write. */
  begin(): void {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#open) return;
    try {
      this.database.begin();
    } catch (cause) {
      throw this.fail(cause);
    }
    this.#open = true;
    this.#timer = setTimeout(() => this.#commitForAll(), LATEST_COMMIT);
  }

  /** The error that every call gets since the end, if it came. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** Resolves when all that was written before is committed. */
  committed(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (!this.#open) return Promise.resolve();
    this.#waiting ??= withResolvers();
    this.#immediate ??= setImmediate(() => this.#commitForAll());
    return this.#waiting.promise;
  }

  /** Commits what is open, at once. @throws Error where it has ended, or ends by this */
  commitNow(): void {
    this.#commitForAll();
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** Ends it for good: rolls back, tells everyone who waits. Returns the error that callers get. */
  fail(cause: unknown): Error {
    if (this.#ended !== undefined) return this.#ended;
    this.#ended = this.onFailure(cause);
    this.#open = false;
    this.#disarm();
    try {
      this.database.rollback();
    } catch {
      // SQLite has rolled back by itself (sqlite.org/lang_transaction.html, section 3.1); the cause is reported.
    }
    this.#settle(this.#ended);
    return this.#ended;
  }

  /** Commits what is open. Every later write, and every later wait, gets `reason`. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#commitForAll();
    this.#ended ??= reason;
  }

  #commitForAll(): void {
    this.#disarm();
    if (!this.#open) return;
    try {
      this.database.commit();
    } catch (cause) {
      this.fail(cause);
      return;
    }
    this.#open = false;
    this.#settle(undefined);
  }

  #settle(error: Error | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
