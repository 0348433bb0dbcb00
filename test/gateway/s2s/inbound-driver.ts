/** Drives the inbound machine by the elements a peer sends. */
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { stepInbound } from "../../../src/gateway/s2s/inbound-machine";
import {
  type InboundContext,
  type InboundEffect,
  type InboundEvent,
  type InboundState,
  newInbound,
} from "../../../src/gateway/s2s/inbound-state";
import type { Features } from "../../../src/stream/features";
import type { ServerHeader } from "../../../src/stream/header";
import {
  dialbackNamespace,
  pingNamespace,
  saslNamespace,
  serverNamespace,
  tlsNamespace,
} from "../../../src/stream/namespaces";
import { type Element, xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

export const header = (more: { from?: string; to?: string; versioned?: boolean } = {}): ServerHeader => ({
  from: REMOTE,
  to: LOCAL,
  versioned: true,
  dialback: true,
  ...more,
});
/** A header without the attributes named. */
export const headerWithout = (...names: ("from" | "to" | "versioned")[]): ServerHeader => {
  const { from, to, versioned, dialback } = header();
  return {
    ...(names.includes("from") || from === undefined ? {} : { from }),
    ...(names.includes("to") || to === undefined ? {} : { to }),
    versioned: versioned && !names.includes("versioned"),
    dialback,
  };
};

export const starttls = xml("starttls", tlsNamespace);
export const external = (authzid = REMOTE, mechanism = "EXTERNAL") =>
  xml("auth", saslNamespace, { mechanism }, authzid === "=" ? "=" : Buffer.from(authzid).toString("base64"));
export const dbResult = (from = REMOTE, to = LOCAL, key = "key") => xml("result", dialbackNamespace, { from, to }, key);
export const dbVerify = (from = REMOTE, to = LOCAL, id = "id-1", key = "key") =>
  xml("verify", dialbackNamespace, { from, to, id }, key);
export const message = (from = `ann@${REMOTE}`, to = `alice@${LOCAL}`, ns = serverNamespace) =>
  xml("message", ns, { from, to, type: "chat", id: "m1" }, xml("body", ns, {}, "hello"));
export const presence = (from = `ann@${REMOTE}`, to = `alice@${LOCAL}`) =>
  xml("presence", serverNamespace, { from, to });
export const iq = (from = REMOTE, to = LOCAL) =>
  xml("iq", serverNamespace, { from, to, type: "get", id: "i1" }, xml("ping", pingNamespace));

export type Certificate = "good" | "bad" | "none";

export interface DriverOptions extends Partial<Omit<InboundContext, "certificate">> {
  readonly certificate?: Certificate;
}

/** A stream, step by step; `effects` are those of the last step. */
export class InboundDriver {
  state: InboundState = newInbound("stream-1");
  effects: readonly InboundEffect[] = [];
  readonly context: InboundContext;

  constructor({ certificate = "good", ...context }: DriverOptions = {}) {
    this.context = {
      policy: partnerPolicy(documentOf([partner()])),
      admits: () => true,
      understandsErrors: () => false,
      isOwnKey: () => false,
      hasSession: () => false,
      certificate: () => (certificate === "good" ? { ok: true } : { ok: false, reason: `${certificate} certificate` }),
      ...context,
    };
  }

  step(event: InboundEvent): this {
    const { state, effects } = stepInbound(this.state, event, this.context);
    this.state = state;
    this.effects = effects;
    return this;
  }
  open(what: ServerHeader = header()): this {
    return this.step({ type: "header", header: what });
  }
  send(element: Element): this {
    return this.step({ type: "element", element });
  }
  /** STARTTLS, the handshake and the new header. */
  secure(what: ServerHeader = header()): this {
    return this.open(what).send(starttls).step({ type: "secured" }).open(header());
  }

  get features(): Features | undefined {
    return this.effects.flatMap((effect) => (effect.do === "features" ? [effect.features] : []))[0];
  }
  /** The condition of the stream error that ends it; `closed` where it ends without one. */
  get refusal(): string | undefined {
    const close = this.effects.find((effect) => effect.do === "close");
    return close === undefined ? undefined : (close.error?.condition ?? "closed");
  }
  /** What was done, without logs. */
  get done(): string[] {
    return this.effects.flatMap((effect) => (effect.do === "log" ? [] : [effect.do]));
  }
}
