import { randomInt } from "node:crypto";
import { answersQuestion, decodeResponse, encodeQuery, isAskable, type Message, type WireQuestion } from "./message";
import { MalformedMessage } from "./message-structure";
import type { LookupFailure } from "./name-resolver";
import { formatServerAddress, type ServerAddress } from "./server-address";
import { overTcp, overUdp, type Transport } from "./transport";

export interface ExchangeOptions {
  /** Whether the server is to look further for us (a resolver) or to say what it knows itself (a name server). */
  readonly recursion: boolean;
  /** Milliseconds of silence after which the question is asked in another way. */
  readonly patience: number;
  /** Milliseconds for the whole. */
  readonly timeout: number;
  /** Asks for signatures too (DO, RFC 3225), where the server takes EDNS. Default false. */
  readonly dnssec?: boolean;
  /** Asks over TCP at once and by no other way. Default false. */
  readonly tcpOnly?: boolean;
  /** How datagrams are sent. Default: each from a socket of its own. */
  readonly udp?: Transport;
  readonly signal?: Interruption;
}

/** What of an AbortSignal an exchange needs: whoever has thousands on their way has a cheaper one. */
export interface Interruption {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export type Exchanged =
  | {
      readonly status: "answered";
      readonly message: Message;
      /** The message as it came. */
      readonly wire: Buffer;
      readonly transport: "udp" | "tcp";
      /** Whether the question that was answered had EDNS. */
      readonly edns: boolean;
      /** Milliseconds from the question, asked in this way, to its answer. */
      readonly roundTrip: number;
      /** Why it was asked in this way; absent where the first one led to the answer. */
      readonly after?: Detour;
    }
  | { readonly status: "failed"; readonly code: LookupFailure; readonly reason: string };

/** Why a question was asked in another way than at first. */
export type Detour =
  /** No answer, for as long as patience lasts. */
  | "silence"
  /** The system said that nobody listens, or that there is no way there. */
  | "unreachable"
  /** The server took the question with EDNS for an error. */
  | "edns-refused"
  | "truncated";

/** The ways a question is asked, each after silence on the one before. Earlier sockets keep listening meanwhile. */
const WAYS = ["udp with EDNS", "udp", "tcp"] as const;
const TCP = WAYS.indexOf("tcp");

/** Answers of servers that know no EDNS, or none of our version (RFC 6891 section 7). */
const NO_EDNS = new Set(["FORMERR", "NOTIMP", "BADVERS"]);

/**
 * Puts one question to one server. Only a message from that address and port, to our port,
 * with our id and question counts (RFC 5452 section 9); anything else is passed over and we listen on, so that a
 * forgery can neither win nor fail the look-up. Silence is met by the bare question, then TCP; a truncated answer by
 * TCP. Never rejects.
 */
export function exchange(question: WireQuestion, server: ServerAddress, options: ExchangeOptions): Promise<Exchanged> {
  if (!isAskable(question.name) && !isAboutRoot(question))
    return Promise.resolve({ status: "failed", code: "bad-name", reason: "the name cannot stand in a DNS question" });
  if (options.signal?.aborted === true || options.timeout <= 0)
    return Promise.resolve({ status: "failed", ...untried(options) });
  return new Promise((resolve) => new Exchange(question, server, options, resolve).start());
}

/** Only zones are asked about at the root: no host is there. */
const isAboutRoot = ({ name, type }: WireQuestion) =>
  name === "." && (type === "NS" || type === "SOA" || type === "DNSKEY");

class Exchange {
  /** Index of the latest way tried. */
  #way = -1;
  readonly #listening = new Set<{ close(): void }>();
  #silence: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #asked: { readonly at: number; readonly edns: boolean; readonly after: Detour | undefined }[] = [];
  /** What is reported if nothing better comes. */
  #failure: { code: LookupFailure; reason: string };

  constructor(
    private readonly question: WireQuestion,
    private readonly server: ServerAddress,
    private readonly options: ExchangeOptions,
    private readonly resolve: (outcome: Exchanged) => void,
  ) {
    this.#failure = { code: "timeout", reason: `no answer from ${this.#server} in ${Math.round(options.timeout)} ms` };
  }

  start(): void {
    this.#deadline = setTimeout(this.#giveUp, this.options.timeout);
    this.options.signal?.addEventListener("abort", this.#abort);
    this.#try(this.options.tcpOnly === true ? TCP : 0);
  }

  #try(way: number, after?: Detour): void {
    const { recursion, dnssec = false } = this.options;
    // Signatures are what makes an answer too long for a datagram: they are asked for again where it goes on by TCP.
    const edns = way === 0 || (dnssec && way === TCP && this.#way === 0);
    this.#way = way;
    clearTimeout(this.#silence);
    const transport = way === TCP ? overTcp : (this.options.udp ?? overUdp);
    const query = encodeQuery(randomInt(0x10000), this.question, { edns, recursion, dnssec });
    this.#asked[way] = { at: performance.now(), edns, after };
    const listener = transport(this.server, query, {
      message: (bytes) => this.#received(way, bytes),
      stray: () => {
        if (this.#failure.code === "timeout") this.#malformed("its id is not the question's");
      },
      error: (error) => {
        this.#listening.delete(listener);
        this.#refused(way, error);
      },
    });
    this.#listening.add(listener);
    if (way !== TCP) this.#silence = setTimeout(() => this.#try(way + 1, "silence"), this.options.patience);
  }

  #received(way: number, bytes: Buffer): void {
    const message = this.#read(bytes);
    if (message === undefined) return;
    if (message.truncated) {
      this.#truncated(way);
      return;
    }
    if (way === 0 && NO_EDNS.has(message.code)) {
      if (this.#way === 0) this.#try(1, "edns-refused");
      return;
    }
    const { at, edns, after } = this.#asked[way]!;
    const roundTrip = performance.now() - at;
    const transport = way === TCP ? "tcp" : "udp";
    const how = { transport, edns, roundTrip, ...(after !== undefined && { after }) } as const;
    this.#settle({ status: "answered", message, wire: bytes, ...how });
  }

  #truncated(way: number): void {
    if (way === TCP) this.#malformed("it is truncated although it came over TCP");
    else this.#failure = { code: "truncated", reason: `the answer of ${this.#server} is truncated and TCP gave none` };
    if (this.#way !== TCP) this.#try(TCP, "truncated");
  }

  /** The message, where it answers our question. What does not is remembered as the reason should nothing follow. */
  #read(bytes: Buffer): Message | undefined {
    try {
      const message = decodeResponse(bytes);
      if (answersQuestion(message, this.question)) return message;
      // A server that could not read the query repeats no question (RFC 6895 section 2.3 has FORMERR so).
      const isError = message.code !== "NOERROR" && message.code !== "NXDOMAIN";
      if (message.questions.length === 0 && isError) return message;
      this.#malformed("it answers another question");
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#malformed(error.message);
    }
    return undefined;
  }

  #malformed(what: string): void {
    this.#failure = { code: "malformed", reason: `what ${this.#server} sent is no answer: ${what}` };
  }

  #refused(way: number, error: Error): void {
    if (this.#failure.code === "timeout")
      this.#failure = { code: "unreachable", reason: `${this.#server} cannot be reached: ${error.message}` };
    if (this.#way !== TCP) this.#try(TCP, "unreachable");
    else if (this.#listening.size === 0 || (way === TCP && this.#failure.code === "truncated")) this.#giveUp();
  }

  readonly #giveUp = () => this.#settle({ status: "failed", ...this.#failure });
  readonly #abort = () => this.#settle({ status: "failed", code: "aborted", reason: "the look-up was given up" });

  #settle(outcome: Exchanged): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#deadline);
    this.options.signal?.removeEventListener("abort", this.#abort);
    for (const listener of this.#listening) listener.close();
    this.#listening.clear();
    this.resolve(outcome);
  }

  get #server(): string {
    return formatServerAddress(this.server);
  }
}

function untried({ signal }: ExchangeOptions): { code: LookupFailure; reason: string } {
  if (signal?.aborted === true) return { code: "aborted", reason: "the look-up was given up" };
  return { code: "timeout", reason: "no time was left to ask" };
}
