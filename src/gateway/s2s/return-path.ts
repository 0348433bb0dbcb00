import type { Method } from "../../definition/negotiation";
import type { StreamError } from "../../stream/stream-error";
import { REQUEST } from "../../stream/stream-management";
import type { Revocation } from "../live/stream-review";
import type { LinkStream } from "./link-stream";
import type { OutboundEnd } from "./outbound-end";
import type { Pair } from "./pair";

/** The stream of a peer's, as one of its return paths needs it. */
export interface PeersStream {
  /** Octets of the largest stanza that the peer takes. */
  readonly maxBytes: number;
  /** The peer has enabled stream management. */
  readonly managed: boolean;
  /** It stands, and nobody is closing it. */
  open(): boolean;
  writeStanza(text: string, path: ReturnPath | undefined): void;
  writeOther(text: string): void;
  close(error: StreamError): void;
  review(pair: Pair, method: Method): Revocation | undefined;
}

/** The link that uses a return path. */
export interface ReturnUser {
  /** When it last had a stanza that was not a keep-alive, ms since the epoch. */
  lastStanza(): number;
  /** The peer has enabled stream management since the path was taken. */
  onManaged(): void;
  /** The peer says how many stanzas it has handled, of those that count. */
  onAcknowledged(handled: number): void;
  /** It can be used no more. Called once. */
  onEnd(end: OutboundEnd): void;
}

/** The way back over a peer's stream for one pair that is authenticated on it (XEP-0288). */
export class ReturnPath implements LinkStream {
  readonly shared = true;
  readonly pair: Pair;
  readonly method: Method;
  readonly #stream: PeersStream;
  #user: ReturnUser | undefined;
  #counting = false;
  #handled = 0;

  constructor(pair: Pair, method: Method, stream: PeersStream) {
    this.pair = pair;
    this.method = method;
    this.#stream = stream;
  }

  get user(): ReturnUser | undefined {
    return this.#user;
  }
  /** Whether a link may take it: nobody has, the stream stands, and present policy lets it be used. */
  get free(): boolean {
    return this.#user === undefined && this.#stream.open() && this.review() === undefined;
  }
  get ready(): boolean {
    return this.#user !== undefined && this.#stream.open();
  }
  get managed(): boolean {
    return this.#stream.managed;
  }
  get maxBytes(): number {
    return this.#stream.maxBytes;
  }

  take(user: ReturnUser): void {
    this.#user = user;
    this.#counting = false;
  }

  write(stanza: string): void {
    this.#stream.writeStanza(stanza, this.#counting ? this : undefined);
  }

  request(): void {
    this.#stream.writeOther(REQUEST);
  }

  countFromNow(): void {
    this.#counting = true;
    this.#handled = 0;
  }

  /** The peer has handled so many more of what was written here since it counts. */
  acknowledged(more: number): void {
    this.#handled += more;
    this.#user?.onAcknowledged(this.#handled);
  }

  leave(reason: string): void {
    this.close({ condition: "connection-timeout", text: reason });
  }

  close(error?: StreamError): void {
    if (error === undefined) this.end({ code: "closed", text: "given back" });
    else this.#stream.close(error);
  }

  review(): Revocation | undefined {
    return this.#stream.review(this.pair, this.method);
  }

  status(): undefined {
    return undefined;
  }

  end(end: OutboundEnd): void {
    const user = this.#user;
    this.#user = undefined;
    this.#counting = false;
    user?.onEnd(end);
  }
}
