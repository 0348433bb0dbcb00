/** An outbound stream in memory: the parser and the machine, toward a server that says what chance will. */
import type { DocumentPartner } from "../../../../src/definition/facts/gateway-document";
import { stepOutbound } from "../../../../src/gateway/s2s/outbound-machine";
import {
  newOutbound,
  type OutboundEffect,
  type OutboundEvent,
  type OutboundState,
} from "../../../../src/gateway/s2s/outbound-state";
import { readHeader } from "../../../../src/stream/header";
import { StreamParser, StreamXmlError } from "../../../../src/stream/xml/parser";
import { LOCAL, partnerOfRow, REMOTE } from "../../documents";
import { ROWS } from "../rows";
import type { Chance } from "./chance";
import { domainOf, must } from "./oracle";

const PARTNERS = ROWS.map(({ row }) => partnerOfRow(row));
const PAIR = { local: LOCAL, remote: REMOTE };

export class OutboundEngine {
  readonly #row: DocumentPartner;
  readonly #trusted: boolean;
  readonly #verifies: boolean;
  #state: OutboundState;
  #parser = this.#newParser();
  /** What we have asked the server to judge, since the last time it changed. */
  #asked: "external" | "dialback" | "verify" | undefined;
  /** Of this element: what it says of what we have asked. */
  #granted = false;
  ended = false;
  ready = false;

  constructor(chance: Chance) {
    this.#row = chance.of(PARTNERS);
    this.#trusted = !chance.once(3);
    this.#verifies = chance.once(4);
    this.#state = newOutbound(
      PAIR,
      this.#verifies
        ? { kind: "verify", id: "id-1", key: "key" }
        : { kind: "stanzas", ...(chance.once(4) ? { resume: { id: "s", seconds: 60 } } : {}) },
    );
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
  }

  #newParser(): StreamParser {
    return new StreamParser(
      {
        onStream: (raw) => {
          const read = readHeader(raw);
          if (read.ok) this.#step({ type: "header", header: read.header });
          else this.ended = true;
        },
        onStanza: (element) => {
          const { name, ns, attrs } = element;
          const about = domainOf(attrs.from) === REMOTE && attrs.type === "valid";
          this.#granted =
            (this.#asked === "external" && name === "success" && ns === "urn:ietf:params:xml:ns:xmpp-sasl") ||
            (this.#asked === "dialback" && name === "result" && ns === "jabber:server:dialback" && about) ||
            (this.#asked === "verify" &&
              name === "verify" &&
              ns === "jabber:server:dialback" &&
              about &&
              attrs.id === "id-1") ||
            (this.#granted && this.#asked === "external");
          this.#step({ type: "element", element });
        },
        onEnd: () => {
          this.ended = true;
        },
      },
      { maxStanzaBytes: 10_000 },
    );
  }

  #step(event: OutboundEvent): void {
    if (this.ended) return;
    const before = this.#state;
    const { state, effects } = stepOutbound(before, event, this.#row);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: OutboundEffect): void {
    must(!this.ended, "nothing is done after the end");
    const { secure, authenticated } = this.#state;
    const { methods } = this.#row;
    switch (effect.do) {
      case "open":
        if (!authenticated) return;
        this.#parser.stop();
        this.#parser = this.#newParser();
        return;
      case "handshake":
        this.#parser.stop();
        this.#parser = this.#newParser();
        this.#step({ type: "secured", certificate: this.#trusted ? { ok: true } : { ok: false, reason: "untrusted" } });
        return;
      case "external":
        must(secure && this.#trusted && methods.includes("sasl-over-tls"), "EXTERNAL to a server that is not known");
        this.#asked = "external";
        return;
      case "dialback":
      case "verify":
        must(methods.includes(secure ? "tls-dialback" : "tcp-dialback"), "a key where the row has no dialback");
        must((effect.do === "verify") === this.#verifies, "another purpose");
        this.#asked = effect.do;
        this.#granted = false;
        return;
      case "ready":
        must(!this.#verifies, "a stream for one look at a key carries stanzas");
        must(this.#granted, "ready though the server has granted nothing");
        must(methods.includes(effect.method), `${effect.method} is not the row's`);
        must((effect.method === "tcp-dialback") !== secure, `${effect.method} on another kind of connection`);
        must(effect.method !== "sasl-over-tls" || this.#trusted, "EXTERNAL with a server that is not known");
        this.ready = true;
        return;
      case "stanza":
        must(authenticated && this.#state.bidi, "a stanza came back that may not");
        must(domainOf(effect.stanza.attrs.from) === REMOTE, "a stanza of somebody else");
        return;
      case "verified":
        must(this.#verifies && (this.#granted || !effect.valid), "a key is valid though nobody said so");
        this.ended = true;
        return;
      case "refuse":
      case "fail":
        this.ended = true;
        return;
      default:
        return;
    }
  }
}
