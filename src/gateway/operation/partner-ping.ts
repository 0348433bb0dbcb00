import { bareAddress, formatAddress, parseAddress } from "../../definition/names/address";
import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { readStanzaError } from "../../stream/stanza-error";
import { elementText } from "../../stream/wire-address";
import { type Element, xml } from "../../stream/xml/element";
import { STANZA_LIFETIME_MS } from "../routing/outbox";
import type { LinkItem } from "../s2s/link-queue";
import type { Pair } from "../s2s/pair";
import type { PartnerFailure } from "../status";
import type { Failures } from "./failures";

/** What became of a ping to a partner's user. */
export type PingOutcome =
  /** The partner's server answered for the user. */
  | {
      readonly outcome: "answered";
      /** ms from the question to the answer; includes opening a stream where none stood. */
      readonly milliseconds: number;
      /** Whether a stream to the partner stood already. */
      readonly streamStood: boolean;
      /** The error by which it answered, if by one: `service-unavailable` is what most servers say for their users. */
      readonly condition?: string;
    }
  /** A hop on the way failed. */
  | { readonly outcome: "failed"; readonly failure: PartnerFailure }
  /** Given back before it was written, and no stream says why: a full queue, say. */
  | { readonly outcome: "returned"; readonly condition: string; readonly text: string }
  /** Nothing came back in time. */
  | {
      readonly outcome: "silent";
      readonly milliseconds: number;
      /** Whether it went out, or waited for a stream to the last. */
      readonly written: boolean;
      /** What went wrong meanwhile with a stream that the partner opened: answers come over those. */
      readonly inbound?: PartnerFailure;
    };

export interface PartnerPingOptions {
  readonly failures: Failures;
  readonly send: (pair: Pair, item: LinkItem) => void;
  /** Whether a stream to the pair's remote domain stands. */
  readonly stands: (pair: Pair) => boolean;
  readonly now: () => number;
  readonly randomId: (bytes: number) => string;
}

/** Pings that are under way at a time: each is a stanza that somebody on this machine asks for. */
export const MAXIMUM_PINGS = 16;

interface Question {
  readonly pair: Pair;
  /** Who was asked: a prepared bare address. */
  readonly to: string;
  readonly answer: (stanza: Element) => void;
}

/** Pings (XEP-0199) from our domain to users of a partner, each followed until it is answered or a hop fails. */
export class PartnerPings {
  readonly #options: PartnerPingOptions;
  readonly #waiting = new Map<string, Question>();

  constructor(options: PartnerPingOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#waiting.size >= MAXIMUM_PINGS;
  }

  /**
   * Asks a partner's server for one of its users.
   * @param to a prepared bare address at the pair's remote domain
   * @param patience ms
   */
  ask(pair: Pair, to: string, patience: number): Promise<PingOutcome> {
    const { failures, send, stands, now, randomId } = this.#options;
    const id = `ask-${randomId(8)}`;
    const since = now();
    const streamStood = stands(pair);
    let inbound: PartnerFailure | undefined;
    return new Promise((resolve) => {
      const settle = (outcome: PingOutcome) => {
        clearTimeout(timer);
        stopListening();
        this.#waiting.delete(id);
        resolve(outcome);
      };
      const timer = setTimeout(
        () =>
          settle({
            outcome: "silent",
            milliseconds: now() - since,
            written: stands(pair),
            ...(inbound === undefined ? {} : { inbound }),
          }),
        patience,
      );
      const stopListening = failures.listen((failure) => {
        if (failure.remote !== pair.remote || (failure.local !== undefined && failure.local !== pair.local)) return;
        if (failure.direction === "out") settle({ outcome: "failed", failure });
        else inbound = failure;
      });
      this.#waiting.set(id, {
        pair,
        to,
        answer: (stanza) =>
          settle({
            outcome: "answered",
            milliseconds: now() - since,
            streamStood,
            ...(stanza.attrs.type === "error" ? { condition: readStanzaError(stanza).condition } : {}),
          }),
      });
      const text = elementText(
        xml("iq", serverNamespace, { type: "get", id, from: pair.local, to }, xml("ping", pingNamespace)),
      );
      send(pair, {
        xml: text,
        bytes: Buffer.byteLength(text),
        keepAlive: true,
        expiresAt: since + STANZA_LIFETIME_MS,
        giveBack: (condition, why) => {
          const known = failures.all().find((one) => one.direction === "out" && one.remote === pair.remote);
          if (known !== undefined && condition !== "resource-constraint") settle({ outcome: "failed", failure: known });
          else settle({ outcome: "returned", condition, text: why });
        },
      });
    });
  }

  /**
   * Whether an IQ of type result or error answers a question of ours; it came from the pair's remote domain. Only who was
   * asked may answer (RFC 6120 section 8.1.2.1 has answers come from the address that was asked).
   */
  answered(pair: Pair, stanza: Element): boolean {
    const waiting = stanza.attrs.id === undefined ? undefined : this.#waiting.get(stanza.attrs.id);
    if (waiting === undefined || waiting.pair.local !== pair.local || waiting.pair.remote !== pair.remote) return false;
    if (!isAddress(stanza.attrs.to, pair.local) || !isAddress(stanza.attrs.from, waiting.to)) return false;
    waiting.answer(stanza);
    return true;
  }
}

/** Whether an address, as a peer writes it, is that prepared bare address; it may answer with its resource. */
function isAddress(written: string | undefined, bare: string): boolean {
  if (written === bare) return true;
  const parsed = parseAddress(written ?? "");
  return parsed.ok && formatAddress(bareAddress(parsed.address)) === bare;
}
