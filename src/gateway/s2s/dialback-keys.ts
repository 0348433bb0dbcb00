import { dialbackKey, sameKey } from "./dialback-key";
import { type Pair, pairKey } from "./pair";

/**
 * The dialback keys that are out: a key is ours only while the stream that it was made for is being opened (XEP-0220,
 * authoritative server).
 */
export class DialbackKeys {
  readonly #secret: string;
  /** Pair and stream id of each key that is out. */
  readonly #expected = new Set<string>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Makes the key for a stream that we open; `done` takes it back. */
  expect(pair: Pair, streamId: string): { readonly key: string; readonly done: () => void } {
    const expected = `${pairKey(pair)} ${streamId}`;
    this.#expected.add(expected);
    return { key: this.#key(pair, streamId), done: () => this.#expected.delete(expected) };
  }

  isOwn(pair: Pair, streamId: string, key: string): boolean {
    return this.#expected.has(`${pairKey(pair)} ${streamId}`) && sameKey(key, this.#key(pair, streamId));
  }

  #key({ local, remote }: Pair, streamId: string): string {
    return dialbackKey(this.#secret, remote, local, streamId);
  }
}
