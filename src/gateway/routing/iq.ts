import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { errorReply } from "../../stream/stanza-error";
import { type Element, elements } from "../../stream/xml/element";
import type { Pair } from "../s2s/pair";
import { inward } from "./claims";
import { domainAnswer } from "./domain-answers";
import type { Parties, RoutingContext } from "./routing-context";

/**
 * What only a user's own server may say to their client: the roster (RFC 6121 section 2.1.6) and the block list
 * (XEP-0191). Clients have taken it from anybody, so it never passes from outside.
 */
const OWN_SERVERS_ALONE: ReadonlySet<string> = new Set(["jabber:iq:roster", "urn:xmpp:blocking"]);

/**
 * An IQ from a partner. Requests are always answered (RFC 6120 section 8.2.3): the domain by itself, users of an inner
 * server by themselves, everything else is answered as for an unknown user. Answers go to the inner server, which knows
 * what its users asked; without one they are dropped.
 */
export function onIq(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  parties: Parties,
): void {
  const { type, id } = stanza.attrs;
  const { to } = parties;
  const { inner } = context;
  if (type === "result" || type === "error") {
    if (to.hasLocal && context.access.allowed(to.bare)) inner.relay?.(inward(context.policy, stanza, parties));
    return;
  }
  if ((type !== "get" && type !== "set") || id === undefined || id === "") {
    context.outbox.send(
      pair,
      errorReply(stanza, "bad-request", "an IQ has an id and the type get, set, result or error"),
    );
    return;
  }
  if (!to.hasLocal) {
    context.outbox.send(pair, domainAnswer(stanza, to));
    return;
  }
  const isForged = elements(stanza).some(({ ns }) => OWN_SERVERS_ALONE.has(ns));
  if (inner.relay !== undefined && !isForged && context.reachable(row, to.bare, parties.from.bare))
    inner.relay(inward(context.policy, stanza, parties));
  else context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
}
