import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { serverNamespace } from "../../stream/namespaces";
import { errorReply } from "../../stream/stanza-error";
import { type Element, xml } from "../../stream/xml/element";
import type { Counters } from "../counters";
import type {
  Availability,
  ChatState,
  FederationSide,
  InternalSide,
  InternalSideFactory,
  OutboundMessage,
  RelayRefusal,
  SendOutcome,
  SendRefusal,
} from "../internal/internal-side";
import { type Snapshot, snapshotOf } from "../live/snapshot";
import type { Log } from "../log";
import { mayReach } from "../policy/trust";
import type { PolicyChange } from "../s2s/federation";
import type { Pair } from "../s2s/pair";
import { PartnerRates } from "../s2s/partner-rates";
import type { BlockedUserStatus } from "../status";
import type { Store } from "../store/store";
import { BlockedUsers, onBlocked } from "./blocked-users";
import { entitlementChange } from "./entitlement-change";
import { EntitlementReview } from "./entitlement-review";
import { onIq } from "./iq";
import { chatStateStanza, messageStanza, onMessage } from "./messages";
import { type Carrier, Outbox } from "./outbox";
import { partingsOf } from "./partings";
import { onPresence, sendPresence, subscription } from "./presence";
import { forgetContact, MAXIMUM_CONTACTS, type Route, relayOutward } from "./relay";
import { partiesOf, partyOf, type RoutingContext } from "./routing-context";
import { barred, withdrawals } from "./withdrawals";

export interface RouterOptions {
  readonly document: GatewayDocument;
  readonly federation: Carrier;
  readonly store: Store;
  readonly inner: InternalSideFactory;
  readonly log: Log;
  readonly counters: Counters;
  readonly now: () => number;
  readonly randomId: (bytes: number) => string;
}

/** Refreshed subscriptions a minute, at most: a refresh must not become a storm. */
const REFRESHES = 100;
const REFRESH_SWEEP_MS = 60_000;

/** Between streams and the inner side: judges each stanza by the partner's row and the user's access policy. */
export class Router implements FederationSide {
  readonly #options: RouterOptions;
  /** Access and settings; the policy is the federation's. */
  #snapshot: Snapshot;
  readonly #outbox: Outbox;
  readonly #inner: InternalSide;
  readonly #context: RoutingContext;
  readonly #review: EntitlementReview;
  readonly #refresher: NodeJS.Timeout;

  constructor(options: RouterOptions) {
    const { document, federation, store, log, counters, now } = options;
    this.#options = options;
    this.#snapshot = snapshotOf(document);
    this.#outbox = new Outbox(federation, store, now, () => this.#inner, log);
    this.#inner = options.inner(this);
    const inner = this.#inner;
    const snapshot = () => this.#snapshot;
    this.#context = {
      get policy() {
        return federation.policy;
      },
      get access() {
        return snapshot().access;
      },
      store,
      outbox: this.#outbox,
      inner,
      counters,
      log,
      now,
      rates: new PartnerRates(now),
      blocked: new BlockedUsers(counters, log, now),
      reachable: (row, local, remote) =>
        inner.hasUser(local) &&
        snapshot().access.allowed(local) &&
        !federation.policy.blocks(remote) &&
        mayReach(row.partnerType, store.contact(local, remote) !== undefined),
      logMessage: messageLog(options, () => this.#snapshot.document),
    };
    this.#review = new EntitlementReview(this.#context);
    this.#refresher = setInterval(() => {
      try {
        this.#refresh();
      } catch (error) {
        log.error("refresh-failed", { reason: (error as Error).message });
      }
    }, REFRESH_SWEEP_MS).unref();
  }

  /** Sends what an earlier process left in the queue, and gives back what may have been sent. */
  recover(): void {
    const { resumed, returned } = this.#outbox.recover((sender, recipient) =>
      barred(this.#snapshot, this.#mayFederate(sender), recipient),
    );
    if (resumed + returned > 0) this.#options.log.info("queue-recovered", { resumed, returned });
  }

  /** Goes by another configuration from now on; what it takes away from whom is for the federation to carry out. */
  apply(next: Snapshot): PolicyChange {
    const before = this.#snapshot;
    this.#snapshot = next;
    this.#context.blocked.keep(next.policy.blocks);
    return {
      partings: (pair) => partingsOf(this.#context, pair),
      revoked: (pair) => withdrawals(before, next, pair, (user) => this.#mayFederate(user)),
    };
  }

  /** Tells those who see less of our users than under an earlier configuration. Resolves when all are judged. */
  review(before: Snapshot): Promise<void> {
    const known = this.#inner.relay === undefined ? [] : this.#options.store.knownLocals();
    return this.#review.run(entitlementChange(before, this.#snapshot, known));
  }

  async stop(): Promise<void> {
    this.#review.stop();
    clearInterval(this.#refresher);
    await this.#inner.close();
  }

  /** Who is blocked and was refused something. */
  blockedUsers(): readonly BlockedUserStatus[] {
    return this.#context.blocked.status();
  }

  /** A stanza of an authenticated pair. */
  receive(pair: Pair, stanza: Element): void {
    const parties = partiesOf(stanza);
    const row = this.#context.policy.row(pair.local, pair.remote);
    if (row === undefined) return; // the stream's own check has answered
    if (parties === undefined) {
      if (stanza.attrs.type !== "error" && stanza.attrs.type !== "result")
        this.#outbox.send(pair, errorReply(stanza, "jid-malformed"));
      return;
    }
    if (this.#context.policy.blocks(parties.from.bare)) onBlocked(this.#context, pair, row, stanza, parties);
    else if (stanza.name === "message") onMessage(this.#context, pair, row, stanza, parties);
    else if (stanza.name === "presence") onPresence(this.#context, pair, row, stanza, parties);
    else onIq(this.#context, pair, row, stanza, parties);
  }

  // What the inner side asks for.

  send(message: OutboundMessage): SendOutcome {
    const route = this.#route(message.from, message.to);
    if (!route.ok) return route;
    if (this.#outbox.isFull(route.pair))
      return {
        ok: false,
        condition: "resource-constraint",
        text: `too much is waiting for ${route.pair.remote} already`,
      };
    const id = message.id ?? this.#options.randomId(8);
    const stanza = messageStanza({ ...message, from: route.from.bare, to: route.to.full, id });
    this.#outbox.sendDurable(route.pair, stanza, route.from.bare, route.to.full, id);
    this.#options.counters.add('messages_total{direction="out",result="accepted"}');
    this.#context.logMessage("out", route.from.bare, route.to.bare, id, message.body);
    return { ok: true, id };
  }

  addContact(local: string, remote: string): SendOutcome {
    const route = this.#route(local, remote);
    if (!route.ok) return route;
    const { store, now } = this.#options;
    const known = store.contact(route.from.bare, route.to.bare);
    if (known === undefined && store.countContacts(route.from.bare) >= MAXIMUM_CONTACTS)
      return {
        ok: false,
        condition: "resource-constraint",
        text: `${route.from.bare} has ${MAXIMUM_CONTACTS} contacts already`,
      };
    if (known?.state !== "subscribed") {
      store.putContact({ local: route.from.bare, remote: route.to.bare, state: "asked", refreshedAt: now() });
      const request = subscription(route.from.bare, route.to.bare, "subscribe");
      this.#outbox.send(route.pair, request, { speaker: route.from.bare });
    }
    return { ok: true, id: "" };
  }

  removeContact(local: string, remote: string): SendOutcome {
    const route = this.#route(local, remote);
    if (!route.ok) return route;
    const { store } = this.#options;
    if (store.contact(route.from.bare, route.to.bare) === undefined)
      return { ok: false, condition: "item-not-found", text: `${route.to.bare} is no contact` };
    this.#outbox.send(route.pair, subscription(route.from.bare, route.to.bare, "unsubscribe"));
    forgetContact(this.#context, route);
    return { ok: true, id: "" };
  }

  announce(local: string, availability: Availability): void {
    for (const { remote } of this.#options.store.watchersOf(local)) {
      const party = partyOf(remote);
      if (party === undefined) continue;
      const pair = { local: local.slice(local.indexOf("@") + 1), remote: party.domain };
      const row = this.#context.policy.row(pair.local, pair.remote);
      // Judged at every send: a subscription from a better time entitles to nothing.
      if (row !== undefined && this.#context.reachable(row, local, remote))
        sendPresence(this.#context, pair, row, local, remote, availability);
    }
  }

  typing(local: string, remote: string, state: ChatState): SendOutcome {
    const route = this.#route(local, remote);
    if (!route.ok) return route;
    this.#outbox.send(route.pair, chatStateStanza(route.from.bare, route.to.full, state), {
      speaker: route.from.bare,
    });
    return { ok: true, id: "" };
  }

  relay(stanza: Element): RelayRefusal | undefined {
    const { from = "", to = "", type } = stanza.attrs;
    const route = this.#route(from, to, stanza.name === "iq");
    if (!route.ok) return route;
    if (stanza.name === "iq" && (type === "get" || type === "set") && stanza.attrs.id === undefined)
      return { ok: false, condition: "policy-violation", text: "an IQ has an id (RFC 6120 section 8.2.3)" };
    return relayOutward(this.#context, route, stanza, () => this.#options.randomId(8));
  }

  giveBack(answer: Element): void {
    const parties = partiesOf(answer);
    if (parties === undefined) return; // answers have the addresses of what they answer
    const { from, to } = parties;
    const pair = { local: from.domain, remote: to.domain };
    if (answer.name === "message") this.#outbox.sendDurable(pair, answer, from.full, to.full, "");
    else this.#outbox.send(pair, answer);
  }

  /** Whether there is such a local user, who may federate. */
  #mayFederate(user: string): boolean {
    return this.#inner.hasUser(user) && this.#snapshot.access.allowed(user);
  }

  /**
   * Whether a local user may write to somebody: both addresses, the access policy and the partner list.
   * @param toDomain the domain itself may be meant
   */
  #route(local: string, remote: string, toDomain = false): ({ readonly ok: true } & Route) | SendRefusal {
    const refuse = (condition: SendRefusal["condition"], text: string): SendRefusal => ({ ok: false, condition, text });
    const from = partyOf(local);
    const to = partyOf(remote);
    if (from === undefined || !from.hasLocal)
      return refuse("jid-malformed", `${local.slice(0, 64)} is no address of a user`);
    if (to === undefined || !(to.hasLocal || toDomain))
      return refuse("jid-malformed", `${remote.slice(0, 64)} is no address of a user`);
    if (!this.#inner.hasUser(from.bare)) return refuse("item-not-found", `${from.bare} is no user here`);
    if (!this.#snapshot.access.allowed(from.bare))
      return refuse("forbidden", `${from.bare} may not use XMPP federation (access policy)`);
    const row = this.#context.policy.row(from.domain, to.domain);
    if (row === undefined)
      return refuse("remote-server-not-found", `${to.domain} is not an allowed partner of ${from.domain}`);
    if (this.#context.policy.blocks(to.bare)) return this.#context.blocked.refusal(to.bare, row);
    return { ok: true, pair: { local: from.domain, remote: to.domain }, row, from, to };
  }

  /** Subscriptions are refreshed by asking for presence again (`SubscriptionRefreshInterval`). */
  #refresh(): void {
    const { store, now } = this.#options;
    const before = now() - this.#snapshot.document.gateway.subscriptionRefreshInterval * 1000;
    for (const contact of store.contactsBefore(before, REFRESHES)) {
      store.putContact({ ...contact, refreshedAt: now() });
      if (this.#context.policy.blocks(contact.remote)) continue;
      const route = this.#route(contact.local, contact.remote);
      if (!route.ok || contact.state === "refused") continue;
      const { bare } = route.from;
      const stanza =
        contact.state === "subscribed"
          ? xml("presence", serverNamespace, { from: bare, to: contact.remote, type: "probe" })
          : subscription(bare, contact.remote, "subscribe");
      this.#outbox.send(route.pair, stanza, { speaker: bare });
    }
  }
}

/** Says of each message that it was accepted, once it is; with its text only if the definition asks for it. */
function messageLog({ store, log }: RouterOptions, document: () => GatewayDocument): RoutingContext["logMessage"] {
  return (direction, from, to, id, body) => {
    const withBodies = document().gateway.enableLoggingAllMessageBodies;
    if (!withBodies && !log.detailed) return;
    const say = () =>
      withBodies
        ? log.info("message-accepted", { direction, from, to, id, body })
        : log.debug("message-accepted", { direction, from, to, id });
    void store.committed().then(say, (error: Error) => log.error("store-failed", { reason: error.message }));
  };
}
