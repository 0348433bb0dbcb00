import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { serverNamespace } from "../../stream/namespaces";
import { errorReply } from "../../stream/stanza-error";
import { childNamed, type Element, elements, textOf, xml } from "../../stream/xml/element";
import type { Availability, InboundPresence } from "../internal/internal-side";
import { seesNotes } from "../policy/trust";
import type { Pair } from "../s2s/pair";
import { inward } from "./claims";
import type { Parties, RoutingContext } from "./routing-context";

const SHOWS = new Set(["away", "chat", "dnd", "xa"]);
/** Who asks to enter a room (XEP-0045 section 7.2). */
const ROOM_NAMESPACE = "http://jabber.org/protocol/muc";
/** Presence is sent from a resource: some servers take presence of a bare address for a subscription matter. */
const RESOURCE = "xmpp-edge";
/** A note longer than this is cut inward; nobody reads it. */
const MAXIMUM_NOTE = 4096;

/** A presence stanza from a partner (RFC 6121 sections 3 and 4), under its partner type. */
export function onPresence(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  parties: Parties,
): void {
  const { from, to } = parties;
  if (!to.hasLocal) return;
  const local = to.bare;
  const remote = from.bare;
  const { type } = stanza.attrs;
  if (type === undefined && isForRoom(stanza)) {
    // Here is no room, whoever is meant; silence would leave the client waiting.
    context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
    return;
  }
  if (type === "subscribe" && isTooMany(context, row, local, remote)) {
    context.counters.add('subscriptions_total{direction="in",result="limited"}');
    const text = "this server's users ask for too many subscriptions: try again later";
    context.outbox.send(pair, errorReply(stanza, "resource-constraint", text));
    return;
  }
  const over = type === "probe" ? context.rates.probeOver(row.domain, local) : undefined;
  if (over !== undefined) {
    // Silence: `unsubscribed` would end what stands, and an error would reach the user's clients.
    context.counters.add(`probes_limited_total{rate="${over}"}`);
    return;
  }
  if (context.inner.relay !== undefined) onServersPresence(context, pair, row, stanza, parties);
  else if (type === "subscribe") onSubscribe(context, pair, row, local, remote);
  else if (type === "unsubscribe") onUnsubscribe(context, pair, local, remote);
  else if (type === "probe") onProbe(context, pair, row, local, remote);
  else if (type === "subscribed") onSubscribed(context, local, remote);
  else if (type === "unsubscribed") onUnsubscribed(context, local, remote);
  else if (type === undefined || type === "unavailable") onAvailability(context, stanza, from.full, local, remote);
  // Errors and unknown types are never answered.
}

/** Whether it asks to enter a room: group chat does not pass between domains here. */
export const isForRoom = (stanza: Element): boolean => elements(stanza).some(({ ns }) => ns === ROOM_NAMESPACE);

/** New ones alone: a partner that refreshes what stands is not held up. Whether the user exists makes no difference. */
function isTooMany({ store, rates }: RoutingContext, row: DocumentPartner, local: string, remote: string): boolean {
  return !store.isWatcher(local, remote) && !rates.admitsSubscription(row.domain);
}

/**
 * Presence for a user of a server inside, whose roster answers: what the partner's trust allows is handed on, and what
 * an answer changes is kept.
 */
function onServersPresence(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  parties: Parties,
): void {
  const { store, outbox, inner } = context;
  const local = parties.to.bare;
  const remote = parties.from.bare;
  const { type } = stanza.attrs;
  const contact = store.contact(local, remote);
  if (type === "subscribe" || type === "probe") {
    const isReachable = context.reachable(row, local, remote);
    if (type === "subscribe")
      context.counters.add(`subscriptions_total{direction="in",result="${isReachable ? "accepted" : "refused"}"}`);
    if (!isReachable) {
      outbox.send(pair, subscription(local, remote, "unsubscribed"));
      return;
    }
  } else if (type === "unsubscribe") {
    if (!store.isWatcher(local, remote) && !context.reachable(row, local, remote)) return;
    store.removeWatcher(local, remote);
  } else if (type === "subscribed" || type === "unsubscribed") {
    if (contact === undefined) return; // nobody asked
    const state = type === "subscribed" ? "subscribed" : "refused";
    store.putContact({ ...contact, state, refreshedAt: context.now() });
  } else if (type === undefined || type === "unavailable") {
    if (contact === undefined || contact.state === "refused") return; // presence of people whom nobody asked about
    if (!context.access.allowed(local)) return;
  } else if (type !== "error" || (contact === undefined && !store.isWatcher(local, remote))) return;
  inner.relay?.(inward(context.policy, stanza, parties));
}

/** Watchers of one local user: a partner must not fill the state with invented ones. */
export const MAXIMUM_WATCHERS = 10_000;

function onSubscribe(context: RoutingContext, pair: Pair, row: DocumentPartner, local: string, remote: string): void {
  const isNew = !context.store.isWatcher(local, remote);
  const full = isNew && context.store.countWatchers(local) >= MAXIMUM_WATCHERS;
  if (full || !context.reachable(row, local, remote)) {
    context.outbox.send(pair, subscription(local, remote, "unsubscribed"));
    context.counters.add('subscriptions_total{direction="in",result="refused"}');
    return;
  }
  context.store.addWatcher(local, remote);
  if (isNew) context.inner.subscribe({ local, remote, state: "watching" });
  context.counters.add('subscriptions_total{direction="in",result="accepted"}');
  // Written once the watcher is committed, as all that leaves (link.ts); in order with what the peer asks next.
  context.outbox.send(pair, subscription(local, remote, "subscribed"));
  sendPresence(context, pair, row, local, remote, context.inner.availability(local));
}

function onUnsubscribe(context: RoutingContext, pair: Pair, local: string, remote: string): void {
  if (!context.store.isWatcher(local, remote)) return;
  context.store.removeWatcher(local, remote);
  context.inner.subscribe({ local, remote, state: "watching-ended" });
  context.outbox.send(pair, unavailable(local, remote));
}

function onProbe(context: RoutingContext, pair: Pair, row: DocumentPartner, local: string, remote: string): void {
  if (context.reachable(row, local, remote) && context.store.isWatcher(local, remote))
    sendPresence(context, pair, row, local, remote, context.inner.availability(local));
  else context.outbox.send(pair, subscription(local, remote, "unsubscribed"));
}

function onSubscribed(context: RoutingContext, local: string, remote: string): void {
  const contact = context.store.contact(local, remote);
  if (contact === undefined) return; // nobody asked
  context.store.putContact({ ...contact, state: "subscribed", refreshedAt: context.now() });
  if (contact.state !== "subscribed") context.inner.subscribe({ local, remote, state: "subscribed" });
}

function onUnsubscribed(context: RoutingContext, local: string, remote: string): void {
  const contact = context.store.contact(local, remote);
  if (contact === undefined || contact.state === "refused") return;
  context.store.putContact({ ...contact, state: "refused", refreshedAt: context.now() });
  context.inner.subscribe({ local, remote, state: "unsubscribed" });
}

function onAvailability(context: RoutingContext, stanza: Element, from: string, local: string, remote: string): void {
  const contact = context.store.contact(local, remote);
  if (contact === undefined || contact.state === "refused") return; // presence of people whom nobody asked about
  if (!context.access.allowed(local)) return;
  const available = stanza.attrs.type === undefined;
  const show = textOf(childNamed(stanza, "show", serverNamespace) ?? EMPTY);
  const status = childNamed(stanza, "status", serverNamespace);
  context.inner.presence({
    from,
    to: local,
    available,
    ...(available && SHOWS.has(show) ? { show: show as NonNullable<InboundPresence["show"]> } : {}),
    ...(status === undefined ? {} : { status: textOf(status).slice(0, MAXIMUM_NOTE) }),
  });
}

const EMPTY = xml("show", serverNamespace);

/** A subscription stanza between bare addresses (RFC 6121 section 3). */
export function subscription(
  local: string,
  remote: string,
  type: "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed",
): Element {
  return xml("presence", serverNamespace, { from: local, to: remote, type });
}

/** What ends a watcher's view of a local user. */
export function unavailable(local: string, remote: string): Element {
  return xml("presence", serverNamespace, { from: `${local}/${RESOURCE}`, to: remote, type: "unavailable" });
}

/** A local user's presence, with what this partner's users may see of it. */
export function presenceStanza(
  row: DocumentPartner,
  local: string,
  remote: string,
  { available, show, status }: Availability,
): Element {
  const children: Element[] = [];
  if (available && show !== undefined) children.push(xml("show", serverNamespace, {}, show));
  if (status !== undefined && seesNotes(row.partnerType)) children.push(xml("status", serverNamespace, {}, status));
  return xml(
    "presence",
    serverNamespace,
    { from: `${local}/${RESOURCE}`, to: remote, ...(available ? {} : { type: "unavailable" }) },
    ...children,
  );
}

export function sendPresence(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  local: string,
  remote: string,
  availability: Availability,
): void {
  context.outbox.send(pair, presenceStanza(row, local, remote, availability), { speaker: local, shows: true });
}
