/** An inbound stream in memory: the parser and the machine, with TLS, SASL and dialback played by chance. */
import { partnerPolicy } from "../../../../src/definition/facts/partner-policy";
import { stepInbound } from "../../../../src/gateway/s2s/inbound-machine";
import {
  type InboundContext,
  type InboundEffect,
  type InboundEvent,
  type InboundState,
  newInbound,
} from "../../../../src/gateway/s2s/inbound-state";
import { type Pair, pairKey } from "../../../../src/gateway/s2s/pair";
import { readHeader } from "../../../../src/stream/header";
import { StreamParser, StreamXmlError } from "../../../../src/stream/xml/parser";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../../documents";
import { ROWS } from "../rows";
import type { Chance } from "./chance";
import { domainOf, must } from "./oracle";
import { OTHER } from "./peer-words";

const POLICIES = ROWS.map(({ row }) =>
  partnerPolicy(documentOf([partnerOfRow(row), partnerOfRow(row, { domain: OTHER, domains: [OTHER] })])),
);
const LIMITS = { maxStanzaBytes: 10_000 };

export class InboundEngine {
  readonly #chance: Chance;
  readonly #context: InboundContext;
  readonly #trusted: boolean;
  #state: InboundState = newInbound("id-1");
  #parser: StreamParser;
  #parting = false;
  /** Keys that wait for their verification. */
  readonly #asked: Pair[] = [];
  /** Pairs that have proved themselves: whatever the machine says of others is wrong. */
  readonly #proved = new Set<string>();
  readonly #authenticated = new Set<string>();
  /** Whether it can still say or take anything. */
  ended = false;
  stanzas = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#trusted = !chance.once(3);
    const trusted = this.#trusted;
    const policy = chance.of(POLICIES);
    this.#context = {
      policy,
      certificate: ({ remote }) =>
        trusted && remote === REMOTE ? { ok: true } : { ok: false, reason: "another name, or no anchor" },
      admits: () => !chance.once(40),
      understandsErrors: () => chance.once(2),
      isOwnKey: (pair, id, key) => pair.remote === REMOTE && id === "id-1" && key === "key",
      hasSession: (_, id) => id === "id-1",
    };
    this.#parser = this.#newParser();
  }

  feed(bytes: Buffer): void {
    if (this.ended) return;
    const parser = this.#parser;
    try {
      parser.feed(bytes);
    } catch (error) {
      if (!(error instanceof StreamXmlError)) throw error;
      this.ended = true;
      return;
    }
    if (parser.unreadBytes > 0 && bytes.toString("latin1", bytes.length - parser.unreadBytes).trim() !== "")
      this.ended = true;
    while (this.#asked.length > 0 && !this.ended && !this.#chance.once(3)) this.#answer(this.#asked.shift()!);
  }

  #newParser(): StreamParser {
    return new StreamParser(
      {
        onStream: (raw) => {
          const read = readHeader(raw);
          if (read.ok) this.#step({ type: "header", header: read.header });
          else this.#end();
        },
        onStanza: (element) => this.#step({ type: "element", element }),
        onEnd: () => this.#end(),
      },
      LIMITS,
    );
  }

  #answer(pair: Pair): void {
    const valid = !this.#chance.once(4);
    if (valid) this.#proved.add(pairKey(pair));
    this.#step({
      type: "dialback",
      pair,
      result: valid
        ? { outcome: "valid" }
        : this.#chance.once(2)
          ? { outcome: "invalid" }
          : { outcome: "error", condition: "remote-server-timeout", text: "" },
    });
  }

  #step(event: InboundEvent): void {
    if (this.ended) return;
    const { state, effects } = stepInbound(this.#state, event, this.#context);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    must(state.pairs.size <= 2, "no more pairs than there are partners");
    for (const key of state.pairs.keys())
      must(this.#authenticated.has(key), "a pair stands that was not authenticated");
  }

  #perform(effect: InboundEffect): void {
    must(!this.#parting || effect.do === "log", "nothing is done after the close");
    switch (effect.do) {
      case "features":
        must(effect.features.starttls === undefined || !this.#state.secure, "no STARTTLS over TLS");
        must((effect.features.mechanisms ?? []).length === 0 || this.#state.secure, "no SASL in plain");
        return;
      case "proceed":
        this.#parser.stop();
        this.#parser = this.#newParser();
        this.#state = { ...this.#state, streamId: "id-2" };
        this.#step({ type: "secured" });
        return;
      case "saslSuccess":
        must(this.#state.secure && this.#trusted && this.#state.remote === REMOTE, "EXTERNAL without a certificate");
        this.#proved.add(`${LOCAL} ${REMOTE}`);
        this.#parser.stop();
        this.#parser = this.#newParser();
        return;
      case "verify":
        must(this.#context.policy.row(effect.pair.local, effect.pair.remote) !== undefined, "a stranger is asked back");
        this.#asked.push(effect.pair);
        must(this.#asked.length <= 2, "more keys are verified than there are partners");
        return;
      case "authenticated": {
        const { pair, method } = effect;
        const row = this.#context.policy.row(pair.local, pair.remote);
        must(row?.methods.includes(method) === true, `${method} is not the row's`);
        must((method === "tcp-dialback") !== this.#state.secure, `${method} on another kind of connection`);
        must(this.#proved.has(pairKey(pair)) || method === "sasl-over-tls", "nobody has vouched for the pair");
        must(method !== "sasl-over-tls" || (this.#trusted && pair.remote === REMOTE), "EXTERNAL without a certificate");
        this.#authenticated.add(pairKey(pair));
        return;
      }
      case "stanza": {
        const { pair, stanza } = effect;
        must(this.#authenticated.has(pairKey(pair)), "a stanza of a pair that is not authenticated");
        must(
          domainOf(stanza.attrs.from) === pair.remote && domainOf(stanza.attrs.to) === pair.local,
          "of another pair",
        );
        must(stanza.ns === "jabber:server", "a stanza in another namespace");
        this.stanzas++;
        return;
      }
      case "close":
        this.#parting = true;
        this.#end();
        return;
      default:
        return;
    }
  }

  #end(): void {
    this.ended = true;
    this.#parser.stop();
  }
}
