import type { Socket } from "node:net";
import { answerToPing, attribute, type Request, type RequestKind, request, StanzaCutter } from "./stanzas";

/** Requests outstanding of one partner, at most: the places for their times of sending. */
const MOST_OUTSTANDING = 8_192;

/** What happens to a partner's requests. */
export interface PartnerEvents {
  /** Right answers came in one read; `latencies` in milliseconds. */
  onAnswers(partner: Partner, latencies: readonly number[]): void;
  /** The measurement is worth nothing: a wrong answer, or a lost stream. */
  onFault(error: Error): void;
}

/**
 * One partner domain with a stream to the server and one back, as s2s without bidi has it. Requests leave on the first,
 * answers come on the second, in order (RFC 6120 section 10.1): so each answer must carry the next id.
 */
export class Partner {
  private request: Request;
  private sent = 0;
  private answered = 0;
  private readonly sentAt = new Float64Array(MOST_OUTSTANDING);
  private closing = false;

  constructor(
    readonly domain: string,
    private readonly server: string,
    private readonly out: Socket,
    private readonly events: PartnerEvents,
  ) {
    this.request = request("ping", domain, server);
    out.on("error", (error) => this.lost(error.message));
    out.on("close", () => this.lost("closed"));
    out.resume();
  }

  get outstanding(): number {
    return this.sent - this.answered;
  }

  /** What is asked from now on. Nothing may be outstanding. */
  ask(kind: RequestKind): void {
    this.request = request(kind, this.domain, this.server);
  }

  /** Sends that many requests in one write. */
  send(count: number): void {
    if (this.outstanding + count > MOST_OUTSTANDING)
      throw new Error(`the server leaves ${this.outstanding} requests of ${this.domain} without an answer`);
    const { before, after } = this.request;
    const now = performance.now();
    let text = "";
    for (let one = 0; one < count; one++) {
      this.sentAt[this.sent % MOST_OUTSTANDING] = now;
      text += before + this.sent++ + after;
    }
    this.out.write(text, "latin1");
  }

  /** Takes over the stream on which the server answers; a later one replaces it. */
  listen(back: Socket): void {
    const cutter = new StanzaCutter();
    back.on("error", (error) => this.lost(error.message));
    back.on("data", (chunk: Buffer) => {
      const now = performance.now();
      const latencies: number[] = [];
      cutter.feed(chunk.toString("latin1"), (stanza) => this.read(stanza, now, latencies));
      this.report(latencies);
    });
  }

  /** Tells of the answers that one read has brought. */
  report(latencies: readonly number[]): void {
    if (latencies.length > 0) this.events.onAnswers(this, latencies);
  }

  /** The end is wanted from now on. */
  release(): Socket {
    this.closing = true;
    return this.out;
  }

  /** Takes a stanza that is meant for this partner, or was sent by it and has arrived; notes the latency of an answer. */
  read(stanza: string, now: number, latencies: number[]): void {
    const reply = answerToPing(stanza);
    if (reply !== undefined) {
      if (!this.closing) this.out.write(reply, "latin1"); // nothing follows the end of our stream
      return;
    }
    if (this.closing && stanza.startsWith("</")) return;
    if (attribute(stanza, "id") !== String(this.answered) || !this.request.isAnswer(stanza)) {
      this.events.onFault(
        new Error(`${this.domain} expected the answer to request ${this.answered}; it came: ${stanza.slice(0, 600)}`),
      );
      return;
    }
    latencies.push(now - (this.sentAt[this.answered % MOST_OUTSTANDING] as number));
    this.answered++;
  }

  private lost(how: string): void {
    if (!this.closing) this.events.onFault(new Error(`the stream of ${this.domain} to the server is lost: ${how}`));
  }
}
