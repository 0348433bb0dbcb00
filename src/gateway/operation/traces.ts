import type { TLSSocket } from "node:tls";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { prepareDomain } from "../../definition/names/domain";
import type { Element } from "../../stream/xml/element";
import type { StreamHeader } from "../../stream/xml/parser";
import { tracedElement, tracedHeader, tracedText } from "./trace-text";

/** One line of a trace. */
export interface TraceEvent {
  /** ISO 8601. */
  readonly at: string;
  /** Who opened the stream: `in` the partner, `out` we. */
  readonly direction: "in" | "out";
  /** Tells streams of one gateway apart. */
  readonly stream: number;
  readonly local?: string;
  readonly remote?: string;
  readonly what: "sent" | "received" | "note";
  readonly text: string;
}

/** What comes of a trace: an event, or how many were left out for being too many. */
export type TraceLine = TraceEvent | { readonly leftOut: number };

/** Traces at a time, and lines of each in a second: who watches must not slow down what is watched. */
export const MAXIMUM_TRACES = 4;
export const MAXIMUM_LINES_A_SECOND = 100;

const LONGEST_NOTE = 512;

/** Whose stream it is, as far as that is known. */
export type StreamParties = () => { readonly local?: string | undefined; readonly remote?: string | undefined };

interface Watcher {
  /** The partner's primary domain. */
  readonly partner: string;
  readonly onLine: (line: TraceLine) => void;
  second: number;
  lines: number;
  leftOut: number;
}

/** Who watches which partner's streams. Costs one look at a field a stanza while nobody does. */
export class Traces {
  readonly #watchers = new Set<Watcher>();
  readonly #policy: () => PartnerPolicy;
  readonly #now: () => number;
  #streams = 0;

  constructor(policy: () => PartnerPolicy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  /** Nobody else may watch. */
  get full(): boolean {
    return this.#watchers.size >= MAXIMUM_TRACES;
  }

  /**
   * Tells what happens on the streams of a partner from now on, bodies and secrets hidden.
   * @param partner its primary domain
   * @returns ends it
   */
  watch(partner: string, onLine: (line: TraceLine) => void): () => void {
    const watcher: Watcher = { partner, onLine, second: 0, lines: 0, leftOut: 0 };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#tellLeftOut(watcher);
    };
  }

  /** For a stream that begins. */
  stream(direction: "in" | "out", parties: StreamParties): StreamTrace {
    return new StreamTrace(this, direction, ++this.#streams, parties);
  }

  /** Somebody watches. */
  get active(): boolean {
    return this.#watchers.size > 0;
  }

  /** @param texts what to show, made only where somebody watches this partner */
  tell({ remote, ...event }: Omit<TraceEvent, "at" | "text">, texts: () => readonly string[]): void {
    const partner = remote === undefined ? undefined : this.#policy().partner(remote)?.domain;
    if (remote === undefined || partner === undefined) return;
    let shown: readonly string[] | undefined;
    for (const watcher of this.#watchers) {
      if (watcher.partner !== partner || !this.#hasRoom(watcher)) continue;
      shown ??= texts();
      const at = new Date(this.#now()).toISOString();
      for (const text of shown) if (this.#counts(watcher)) watcher.onLine({ at, ...event, remote, text });
    }
  }

  /** Whether there is room for a line: nothing is decoded to be left out. */
  #hasRoom(watcher: Watcher): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (watcher.second !== second) {
      this.#tellLeftOut(watcher);
      watcher.second = second;
      watcher.lines = 0;
    }
    if (watcher.lines < MAXIMUM_LINES_A_SECOND) return true;
    watcher.leftOut++;
    return false;
  }

  /** Counts a line; false where it is one too many. */
  #counts(watcher: Watcher): boolean {
    if (watcher.lines >= MAXIMUM_LINES_A_SECOND) {
      watcher.leftOut++;
      return false;
    }
    watcher.lines++;
    return true;
  }

  #tellLeftOut(watcher: Watcher): void {
    if (watcher.leftOut === 0) return;
    watcher.onLine({ leftOut: watcher.leftOut });
    watcher.leftOut = 0;
  }
}

/** What a stream tells of itself while somebody watches its partner. */
export class StreamTrace {
  readonly #traces: Traces;
  readonly #direction: "in" | "out";
  readonly #stream: number;
  readonly #parties: StreamParties;

  constructor(traces: Traces, direction: "in" | "out", stream: number, parties: StreamParties) {
    this.#traces = traces;
    this.#direction = direction;
    this.#stream = stream;
    this.#parties = parties;
  }

  header(header: StreamHeader): void {
    if (this.#traces.active) this.#tell("received", () => [tracedHeader(header)], header.attrs.from);
  }

  received(el: Element): void {
    if (this.#traces.active) this.#tell("received", () => [tracedElement(el)]);
  }

  sent(text: string): void {
    if (this.#traces.active) this.#tell("sent", () => tracedText(text));
  }

  secured(socket: Pick<TLSSocket, "getProtocol" | "getCipher">): void {
    if (this.#traces.active)
      this.#tell("note", () => [`TLS stands: ${socket.getProtocol() ?? "unknown"}, ${socket.getCipher()?.name}`]);
  }

  note(text: string): void {
    if (this.#traces.active) this.#tell("note", () => [text.slice(0, LONGEST_NOTE)]);
  }

  /** @param claimed who a header says that it is, as long as nothing else is known */
  #tell(what: TraceEvent["what"], texts: () => readonly string[], claimed?: string): void {
    const { local, remote } = this.#parties();
    const prepared = remote === undefined && claimed !== undefined ? prepareDomain(claimed) : undefined;
    const who = remote ?? (prepared?.ok ? prepared.domain : undefined);
    this.#traces.tell(
      {
        direction: this.#direction,
        stream: this.#stream,
        ...(local === undefined ? {} : { local }),
        ...(who === undefined ? {} : { remote: who }),
        what,
      },
      texts,
    );
  }
}
