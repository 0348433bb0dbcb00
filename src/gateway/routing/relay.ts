import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { serverNamespace } from "../../stream/namespaces";
import { errorReply } from "../../stream/stanza-error";
import { childNamed, type Element, textOf, xml } from "../../stream/xml/element";
import type { RelayRefusal } from "../internal/internal-side";
import { mayReach, seesNotes } from "../policy/trust";
import type { Pair } from "../s2s/pair";
import type { Contact } from "../store/store";
import { readdressed } from "./claims";
import { isForRoom, MAXIMUM_WATCHERS, subscription, unavailable } from "./presence";
import type { Parties, RoutingContext } from "./routing-context";

/** Contacts of one local user. */
export const MAXIMUM_CONTACTS = 10_000;
const CAPABILITIES_NAMESPACE = "http://jabber.org/protocol/caps";

/** Where a stanza of one of ours goes: judged by the access policy and the partner list already. */
export interface Route extends Parties {
  readonly pair: Pair;
  readonly row: DocumentPartner;
}

/**
 * A stanza of a user of our own server for a partner. The server decides what its users' rosters say; what follows
 * from it here (who is a contact, who a watcher) is kept, so that partner types and downgrades hold for it too.
 */
export function relayOutward(
  context: RoutingContext,
  route: Route,
  stanza: Element,
  newId: () => string,
): RelayRefusal | undefined {
  if (stanza.name === "message") return relayMessage(context, route, stanza, newId);
  if (stanza.name === "presence") return relayPresence(context, route, stanza);
  return relayIq(context, route, stanza);
}

const refuse = (condition: RelayRefusal["condition"], text: string): RelayRefusal => ({ ok: false, condition, text });
const NO_ROOMS = refuse("service-unavailable", "group chat does not pass between domains here");

function relayMessage(
  context: RoutingContext,
  { pair, from, to }: Route,
  stanza: Element,
  newId: () => string,
): RelayRefusal | undefined {
  const { type } = stanza.attrs;
  const out = readdressed(stanza, { from, to }, stanza.children);
  if (type === "groupchat") return NO_ROOMS;
  if (type === "error") {
    // What a partner's user sent was accepted, so the news that it failed is kept like a message; never answered.
    context.outbox.sendDurable(pair, out, from.full, to.full, "");
    return undefined;
  }
  const body = childNamed(stanza, "body", serverNamespace);
  if (body === undefined) {
    context.outbox.send(pair, out, { speaker: from.bare });
    return undefined;
  }
  if (context.outbox.isFull(pair))
    return refuse("resource-constraint", `too much is waiting for ${pair.remote} already`);
  const id = stanza.attrs.id ?? newId();
  const named = xml(out.name, out.ns, { ...out.attrs, id }, ...out.children);
  context.outbox.sendDurable(pair, named, from.full, to.full, id);
  context.counters.add('messages_total{direction="out",result="accepted"}');
  context.logMessage("out", from.bare, to.bare, id, textOf(body));
  return undefined;
}

function relayPresence(context: RoutingContext, route: Route, stanza: Element): RelayRefusal | undefined {
  const { store, outbox } = context;
  const { pair, row, from, to } = route;
  const pass = () => outbox.send(pair, readdressed(stanza, route, stanza.children), { speaker: from.bare });
  const unreachable = () =>
    context.reachable(row, from.bare, to.bare)
      ? undefined
      : refuse("policy-violation", `${to.bare} is no contact, and a ${row.partnerType} partner's users must be one`);
  switch (stanza.attrs.type) {
    case "subscribe":
    case "probe": {
      // A server probes for whom its user's roster has as a contact: ours may be older than this gateway.
      const refused = noteContact(context, route, stanza.attrs.type === "probe" ? "subscribed" : "asked");
      if (refused === undefined) pass();
      return refused;
    }
    case "unsubscribe":
      pass();
      forgetContact(context, route);
      return undefined;
    case "subscribed": {
      const refused = unreachable() ?? noteWatcher(context, route);
      if (refused === undefined) pass();
      return refused;
    }
    case "unsubscribed":
      store.removeWatcher(from.bare, to.bare);
      pass();
      return undefined;
    case "error":
      pass();
      return undefined;
    case undefined:
    case "unavailable": {
      if (isForRoom(stanza)) return NO_ROOMS;
      // Judged at every send: a subscription from a better time entitles to nothing.
      const refused = unreachable() ?? (stanza.attrs.type === undefined ? noteWatcher(context, route) : undefined);
      if (refused !== undefined) return refused;
      const shown = readdressed(stanza, route, visible(row, stanza));
      outbox.send(pair, shown, { speaker: from.bare, shows: true });
      return undefined;
    }
    default:
      return refuse("policy-violation", "presence of an unknown type (RFC 6121 section 4.7.1)");
  }
}

function relayIq(context: RoutingContext, { pair, from, to }: Route, stanza: Element): RelayRefusal | undefined {
  const { type } = stanza.attrs;
  const out = readdressed(stanza, { from, to }, stanza.children);
  context.outbox.send(pair, out, { speaker: from.bare }, (condition, text) => {
    if (type === "get" || type === "set") context.inner.relay?.(errorReply(out, condition, text));
  });
  return undefined;
}

/** What a partner's users may see of presence (DESIGN, "Trust"). */
function visible(row: DocumentPartner, { children }: Element): readonly (Element | string)[] {
  if (seesNotes(row.partnerType)) return children;
  return children.filter(
    (child) =>
      typeof child !== "string" &&
      (child.ns === serverNamespace
        ? child.name === "show" || child.name === "priority"
        : child.ns === CAPABILITIES_NAMESPACE && child.name === "c"),
  );
}

function noteContact(
  context: RoutingContext,
  { from, to }: Parties,
  state: Contact["state"],
): RelayRefusal | undefined {
  const { store, now } = context;
  const known = store.contact(from.bare, to.bare);
  if (known?.state === "subscribed" || (known !== undefined && state !== "asked")) return undefined;
  if (known === undefined && store.countContacts(from.bare) >= MAXIMUM_CONTACTS)
    return refuse("resource-constraint", `${from.bare} has ${MAXIMUM_CONTACTS} contacts already`);
  store.putContact({ local: from.bare, remote: to.bare, state, refreshedAt: now() });
  return undefined;
}

function noteWatcher({ store }: RoutingContext, { from, to }: Parties): RelayRefusal | undefined {
  if (store.isWatcher(from.bare, to.bare)) return undefined;
  if (store.countWatchers(from.bare) >= MAXIMUM_WATCHERS)
    return refuse("resource-constraint", `${from.bare} is watched by ${MAXIMUM_WATCHERS} already`);
  store.addWatcher(from.bare, to.bare);
  return undefined;
}

/** Takes a contact out of the state, and with it what it entitled to. */
export function forgetContact({ store, outbox }: RoutingContext, { pair, row, from, to }: Route): void {
  store.removeContact(from.bare, to.bare);
  if (mayReach(row.partnerType, false) || !store.isWatcher(from.bare, to.bare)) return;
  store.removeWatcher(from.bare, to.bare);
  outbox.send(pair, unavailable(from.bare, to.bare));
  outbox.send(pair, subscription(from.bare, to.bare, "unsubscribed"));
}
