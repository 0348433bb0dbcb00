import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { errorReply } from "../../stream/stanza-error";
import { childNamed, type Element, xml } from "../../stream/xml/element";
import type { Pair } from "../s2s/pair";
import type { Parties, RoutingContext } from "./routing-context";

/**
 * An IQ from a partner. Requests are always answered (RFC 6120 section 8.2.3): the domain answers pings (XEP-0199),
 * everything else is answered as for an unknown user. Answers that nobody asked for are dropped.
 */
export function onIq(context: RoutingContext, pair: Pair, stanza: Element, { to }: Parties): void {
  const { type, id, from } = stanza.attrs;
  if (type === "result" || type === "error") return;
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
  context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
}
