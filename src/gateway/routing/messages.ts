import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { chatStatesNamespace, serverNamespace } from "../../stream/namespaces";
import { errorReply, readStanzaError } from "../../stream/stanza-error";
import { childNamed, type Element, elements, textOf, xml } from "../../stream/xml/element";
import type { ChatState, InboundMessage, OutboundMessage } from "../internal/internal-side";
import type { Pair } from "../s2s/pair";
import { inward } from "./claims";
import type { Parties, RoutingContext } from "./routing-context";

const TYPES = new Set(["chat", "normal", "headline", "groupchat", "error"]);
const CHAT_STATES = new Set(["active", "composing", "paused", "inactive", "gone"]);

/** A message from a partner: delivered, or answered as for an unknown user. */
export function onMessage(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  parties: Parties,
): void {
  const { from, to } = parties;
  const type = (TYPES.has(stanza.attrs.type ?? "") ? stanza.attrs.type : "normal") as InboundMessage["type"];
  const local = to.bare;
  if (type === "error") {
    // An answer to what our side sent passes whatever the partner's type is; it is never answered (RFC 6120 8.3.1).
    if (!to.hasLocal || !context.inner.hasUser(local)) return;
    if (context.inner.relay !== undefined) context.inner.relay(inward(context.policy, stanza, parties));
    else context.inner.deliver({ from: from.full, to: local, ...idOf(stanza), type, error: readStanzaError(stanza) });
    return;
  }
  if (!to.hasLocal || type === "groupchat" || !context.reachable(row, local, from.bare)) {
    context.counters.add('messages_total{direction="in",result="refused"}');
    context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
    return;
  }
  const body = childNamed(stanza, "body", serverNamespace);
  const state = elements(stanza).find((child) => child.ns === chatStatesNamespace && CHAT_STATES.has(child.name));
  if (context.inner.relay !== undefined) context.inner.relay(inward(context.policy, stanza, parties));
  else if (body === undefined) {
    if (state !== undefined) context.inner.typing(from.full, local, state.name as ChatState);
  } else
    context.inner.deliver({
      from: from.full,
      to: local,
      ...idOf(stanza),
      type,
      body: textOf(body),
      ...textOfChild(stanza, "subject"),
      ...textOfChild(stanza, "thread"),
    });
  if (body === undefined) return;
  context.counters.add('messages_total{direction="in",result="delivered"}');
  context.logMessage("in", from.bare, local, stanza.attrs.id, textOf(body));
}

/** The stanza of a message of one of ours. */
export function messageStanza(message: OutboundMessage & { readonly id: string }): Element {
  const part = (name: string, value: string | undefined) =>
    value === undefined ? [] : [xml(name, serverNamespace, {}, value)];
  return xml(
    "message",
    serverNamespace,
    { from: message.from, to: message.to, id: message.id, type: message.type ?? "chat" },
    ...part("subject", message.subject),
    ...part("thread", message.thread),
    xml("body", serverNamespace, {}, message.body),
  );
}

/** A chat state on its own (XEP-0085 section 5.1). */
export function chatStateStanza(from: string, to: string, state: ChatState): Element {
  return xml("message", serverNamespace, { from, to, type: "chat" }, xml(state, chatStatesNamespace));
}

const idOf = (stanza: Element) => (stanza.attrs.id === undefined ? {} : { id: stanza.attrs.id });

function textOfChild<K extends "subject" | "thread">(stanza: Element, name: K): { [key in K]?: string } {
  const child = childNamed(stanza, name, serverNamespace);
  return child === undefined ? {} : ({ [name]: textOf(child) } as { [key in K]: string });
}
