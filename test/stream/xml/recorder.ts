import type { Element } from "../../../src/stream/xml/element";
import { type ParserLimits, type StreamHeader, StreamParser, StreamXmlError } from "../../../src/stream/xml/parser";

export type StreamEvent =
  | { kind: "header"; header: StreamHeader }
  | { kind: "stanza"; el: Element }
  | { kind: "end" }
  | { kind: "error"; code: string; condition: string };

/** A parser and what it gave out, an error being the last event. */
export class Recorder {
  readonly events: StreamEvent[] = [];
  readonly parser: StreamParser;
  error: StreamXmlError | undefined;

  constructor(limits: ParserLimits = { maxStanzaBytes: 262_144 }) {
    this.parser = new StreamParser(
      {
        onStream: (header) => this.events.push({ kind: "header", header }),
        onStanza: (el) => this.events.push({ kind: "stanza", el }),
        onEnd: () => this.events.push({ kind: "end" }),
      },
      limits,
    );
  }

  /** False once the stream has failed. */
  feed(chunk: Buffer | string): boolean {
    if (this.error !== undefined) return false;
    try {
      this.parser.feed(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    } catch (thrown) {
      if (!(thrown instanceof StreamXmlError)) throw thrown;
      this.error = thrown;
      this.events.push({ kind: "error", code: thrown.code, condition: thrown.condition });
    }
    return this.error === undefined;
  }

  get stanzas(): Element[] {
    return this.events.flatMap((event) => (event.kind === "stanza" ? [event.el] : []));
  }
}

/** The events of a whole stream, fed in chunks of that many bytes. */
export function eventsOf(bytes: Buffer, chunkBytes = bytes.length, limits?: ParserLimits): StreamEvent[] {
  const recorder = new Recorder(limits);
  for (let at = 0; at < bytes.length; at += chunkBytes) recorder.feed(bytes.subarray(at, at + chunkBytes));
  return recorder.events;
}

/** The header that the streams in these tests begin with. */
export const header =
  "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' from='a.example' to='b.example' version='1.0'>";
