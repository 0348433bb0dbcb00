import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { errorReply } from "../../stream/stanza-error";
import { childNamed, type Element, xml } from "../../stream/xml/element";
import type { Pair } from "../s2s/pair";
import { inward } from "./claims";
import type { Parties, RoutingContext } from "./routing-context";

/**
 * An IQ from a partner. Requests are always answered (RFC 6120 section 8.2.3): the domain answers pings (XEP-0199),
 * users of an inner server by themselves, everything else is answered as for an unknown user. Answers go to the inner
 * server, which knows what its users asked; without one they are dropped.
 */
export function onIq(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  parties: Parties,
): void {
  const { type, id, from } = stanza.attrs;
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
  const ping = type === "get" && childNamed(stanza, "ping", pingNamespace) !== undefined;
  if (ping && !to.hasLocal) {
    context.outbox.send(pair, xml("iq", serverNamespace, { type: "result", id, from: stanza.attrs.to, to: from }));
    return;
  }
  if (inner.relay !== undefined && to.hasLocal && context.reachable(row, to.bare, parties.from.bare))
    inner.relay(inward(context.policy, stanza, parties));
  else context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
}
