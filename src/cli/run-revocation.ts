import { ListFolder } from "../certificate/revocation/list-folder";
import type { Log } from "../gateway/log";

/** Lists are due every few hours or days; a new one counts within a minute. */
const LOOK_MS = 60_000;

/** The directory of `--revocation-lists`, followed while the gateway runs. */
export class RevocationWatch {
  readonly lists: ListFolder;
  #onChange: () => void = () => undefined;
  #next: NodeJS.Timeout | undefined;
  /** The look that is under way, or the last one: one follows another. */
  #look = Promise.resolve();
  #closed = false;

  private constructor(
    directory: string,
    private readonly log: Log,
  ) {
    this.lists = new ListFolder(directory);
  }

  /** Has read the directory once when it resolves; undefined where none is given. */
  static async open(directory: string | undefined, log: Log): Promise<RevocationWatch | undefined> {
    if (directory === undefined) return undefined;
    const watch = new RevocationWatch(directory, log);
    await watch.look();
    return watch;
  }

  /** Tells from now on when other lists are at hand than before. */
  follow(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** Looks now, and not only when it is time. */
  look(): Promise<void> {
    this.#look = this.#look.then(() => this.#lookOnce());
    return this.#look;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#next);
  }

  async #lookOnce(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#next);
    const { changed, faults } = await this.lists.look();
    if (this.#closed) return;
    for (const reason of faults)
      this.log.warn("revocation-list-unusable", { reason, remedy: "put the CA's present list there, in DER or PEM" });
    if (changed.length > 0) {
      this.log.info("revocation-lists-read", { changed, lists: this.lists.size });
      this.#onChange();
    }
    this.#next = setTimeout(() => void this.look(), LOOK_MS).unref();
  }
}
