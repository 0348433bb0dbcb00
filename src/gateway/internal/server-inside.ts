import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { errorReply, type StanzaCondition, stanzaErrorElement } from "../../stream/stanza-error";
import { childNamed, type Element, xml } from "../../stream/xml/element";
import type { Log } from "../log";
import { Outbox } from "../routing/outbox";
import { type Parties, partiesOf } from "../routing/routing-context";
import type { Pair } from "../s2s/pair";
import type { Store } from "../store/store";
import type { InnerCarrier } from "./inner-carrier";
import type { Availability, FederationSide, InboundMessage, InternalSide, SubscriptionNotice } from "./internal-side";

export interface ServerInsideOptions {
  readonly document: GatewayDocument;
  readonly store: Store;
  readonly now: () => number;
  readonly randomId: (bytes: number) => string;
  readonly log: Log;
  /** Carries stanzas to our own server; what comes from it is told to `onStanza`. */
  readonly carrier: (onStanza: (pair: Pair, stanza: Element) => void) => InnerCarrier;
}

/** Said to partners: never where our own server is, nor why it cannot be reached. */
const MAY_HAVE_ARRIVED = "the connection to the user's server was lost: the message may have arrived";
const NOT_DELIVERED = "the user's server cannot be reached";

/**
 * An inner side that is an XMPP server of ours behind the gateway. To it, the gateway is every partner: stanzas pass
 * both ways between streams, and the policy is judged in between, by the router. Messages to it wait in the store as
 * those to partners do.
 */
export class ServerInside implements InternalSide {
  readonly #options: ServerInsideOptions;
  readonly #federation: FederationSide;
  readonly #carrier: InnerCarrier;
  readonly #outbox: Outbox;
  #localDomains: ReadonlySet<string>;

  constructor(options: ServerInsideOptions, federation: FederationSide) {
    const { store, now, log, document } = options;
    this.#options = options;
    this.#federation = federation;
    this.#localDomains = new Set(document.localDomains);
    this.#carrier = options.carrier((pair, stanza) => this.#receive(pair, stanza));
    const senders = { hasUser: () => true, deliver: (failed: InboundMessage) => this.#tellPartner(failed) };
    this.#outbox = new Outbox(this.#carrier, store, now, () => senders, log, "inside");
  }

  /** Sends inside what an earlier process left in the queue, and gives back what may have been sent. */
  recover(): void {
    const { resumed, returned } = this.#outbox.recover(() => undefined);
    if (resumed + returned > 0) this.#options.log.info("queue-recovered", { resumed, returned });
  }

  /** Goes by another document from now on. */
  serve(document: GatewayDocument): void {
    this.#localDomains = new Set(document.localDomains);
    this.#carrier.serve(document);
  }

  /** Whether there is such a user only our own server knows, and says so by its answers. */
  hasUser(address: string): boolean {
    const at = address.indexOf("@");
    return at > 0 && this.#localDomains.has(address.slice(at + 1));
  }

  relay(stanza: Element): void {
    const parties = partiesOf(stanza);
    if (parties === undefined) return; // the router has prepared both
    const { from, to } = parties;
    const pair = { local: from.domain, remote: to.domain };
    const { type, id } = stanza.attrs;
    const isMessage = stanza.name === "message";
    const isError = type === "error";
    if (isMessage && (isError || childNamed(stanza, "body", serverNamespace) !== undefined)) {
      const named = id === undefined && !isError ? this.#withId(stanza) : stanza;
      if (this.#outbox.isFull(pair)) {
        if (!isError) this.#refuse(named, "resource-constraint", "too much is waiting for this user");
      } else this.#outbox.sendDurable(pair, named, from.full, to.full, isError ? "" : (named.attrs.id ?? ""));
    } else if (stanza.name === "iq" && (type === "get" || type === "set"))
      this.#outbox.send(pair, stanza, { speaker: from.bare }, () =>
        this.#refuse(stanza, "remote-server-timeout", NOT_DELIVERED),
      );
    else this.#outbox.send(pair, stanza, { speaker: from.bare });
  }

  /** What the gateway gives back to a user of ours: it could not be delivered. */
  deliver({ from, to, id, error }: InboundMessage): void {
    const condition = (error?.condition ?? "undefined-condition") as StanzaCondition;
    const given = stanzaErrorElement(condition, serverNamespace, error?.text);
    this.relay(xml("message", serverNamespace, { type: "error", id, from, to }, given));
  }

  /** What became of a subscription by a change of the policy: our server's rosters follow. */
  subscribe({ local, remote, state }: SubscriptionNotice): void {
    const type = { "watching-ended": "unsubscribe", subscribed: "subscribed", unsubscribed: "unsubscribed" } as const;
    if (state === "watching") return; // our own server has answered the request itself
    this.relay(xml("presence", serverNamespace, { type: type[state], from: remote, to: local }));
  }

  /** A contact of whom no more will be heard. */
  presence({ from, to, available }: { readonly from: string; readonly to: string; readonly available: boolean }): void {
    if (!available) this.relay(xml("presence", serverNamespace, { type: "unavailable", from, to }));
  }

  /** Chat states come as whole stanzas. */
  typing(): void {}

  /** Known to our own server alone: who asks is answered by it. */
  availability(): Availability {
    return { available: false };
  }

  close(): Promise<void> {
    return this.#carrier.stop();
  }

  /** A stanza of our own server, whose pair is authenticated. */
  #receive(pair: Pair, stanza: Element): void {
    const parties = partiesOf(stanza);
    if (parties === undefined) {
      this.#answer(pair, stanza, "jid-malformed");
      return;
    }
    if (!parties.from.hasLocal) {
      this.#receiveFromDomain(pair, stanza, parties);
      return;
    }
    const refusal = this.#federation.relay(stanza);
    if (refusal === undefined) return;
    this.#options.log.debug("inside-refused", { ...pair, kind: stanza.name, condition: refusal.condition });
    this.#answer(pair, stanza, refusal.condition, refusal.text, refusal.detail);
  }

  /** Our server itself, not one of its users: it may look whether we are there, and nothing else passes. */
  #receiveFromDomain(pair: Pair, stanza: Element, { to }: Parties): void {
    const { type, id, from } = stanza.attrs;
    const isPing = stanza.name === "iq" && type === "get" && childNamed(stanza, "ping", pingNamespace) !== undefined;
    if (isPing && id !== undefined && !to.hasLocal)
      this.#outbox.send(pair, xml("iq", serverNamespace, { type: "result", id, from: stanza.attrs.to, to: from }));
    else this.#answer(pair, stanza, "service-unavailable", "the gateway carries what users say");
  }

  /**
   * Tells our own server's user why something did not pass. Errors and results are never answered, nor is
   * availability, which goes to all contacts at each change, but for an attempt to enter a room.
   */
  #answer(pair: Pair, stanza: Element, condition: StanzaCondition, text?: string, detail?: Element): void {
    const { type } = stanza.attrs;
    const isAnswerable =
      stanza.name === "iq"
        ? type === "get" || type === "set"
        : stanza.name === "presence"
          ? type === "subscribe" || (type === undefined && condition === "service-unavailable")
          : type !== "error";
    if (isAnswerable) this.#outbox.send(pair, errorReply(stanza, condition, text, detail));
  }

  #refuse(stanza: Element, condition: StanzaCondition, text: string): void {
    this.#federation.giveBack(errorReply(stanza, condition, text));
  }

  /** A message from a partner's user did not reach our own server, or nobody knows whether it did. */
  #tellPartner({ from, to, id, error }: InboundMessage): void {
    const uncertain = error?.text?.endsWith("may have arrived") === true;
    const condition = error?.condition === "resource-constraint" ? "resource-constraint" : "remote-server-timeout";
    const text = uncertain ? MAY_HAVE_ARRIVED : NOT_DELIVERED;
    const given = stanzaErrorElement(condition, serverNamespace, text);
    this.#federation.giveBack(xml("message", serverNamespace, { type: "error", id, from, to }, given));
  }

  #withId({ name, ns, attrs, children }: Element): Element {
    return xml(name, ns, { ...attrs, id: this.#options.randomId(8) }, ...children);
  }
}
