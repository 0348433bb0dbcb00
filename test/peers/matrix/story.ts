import { ourDomain } from "../rig/federation";
import { child, type Element } from "../rig/stanza";
import type { XmppClient } from "../rig/xmpp-client";
import { type Cells, HIDES_REFUSALS, type MatrixPartner } from "./cells";

const TYPING = "http://jabber.org/protocol/chatstates";
const RECEIPTS = "urn:xmpp:receipts";

/** Sends everything both ways between one of ours and one of theirs, and tells what came of it. */
export async function tellStory(
  ours: XmppClient,
  theirs: XmppClient,
  { partnerType, peer }: Pick<MatrixPartner, "partnerType" | "peer">,
): Promise<Cells> {
  const domain = theirs.jid.split("@")[1] ?? "";
  // Whom nobody of ours has asked for may be refused; the first message and request are sent before that.
  const unasked = await message(theirs, ours, `unasked from ${domain}`);
  const request =
    partnerType === "PublicUnverified" ? await refusedRequest(theirs, ours, HIDES_REFUSALS.has(peer)) : undefined;
  const outward = await message(ours, theirs, `to ${domain}`);
  const subscriptionOut = await subscription(ours, theirs);
  const asked =
    unasked === "passes" ? unasked : `${unasked}, then ${await message(theirs, ours, `asked from ${domain}`)}`;
  const granted = await subscription(theirs, ours);
  return {
    theirs: {
      message: asked,
      subscription: request === undefined ? granted : `${request}, then ${granted}`,
      presence: await presence(theirs, ours),
      typing: await typing(theirs, ours),
      receipt: await receipt(theirs, ours),
      error: await error(theirs, ourDomain),
    },
    ours: {
      message: outward,
      subscription: subscriptionOut,
      presence: await presence(ours, theirs),
      typing: await typing(ours, theirs),
      receipt: await receipt(ours, theirs),
      error: await error(ours, domain),
    },
  };
}

const condition = (stanza: Element) => child(stanza, "error")?.children[0]?.name;

/** It arrives, or its error does: whichever is first. */
async function message(from: XmppClient, to: XmppClient, body: string): Promise<string> {
  const refused = from.waitForError(body).then((stanza) => {
    if (condition(stanza) !== "service-unavailable") return `returned with ${condition(stanza)}`;
    return "refused";
  });
  const arrived = to.waitForMessage(from.jid, body).then(() => "passes");
  refused.catch(() => undefined); // the one that does not come ends with its client
  arrived.catch(() => undefined);
  from.message(to.jid, body, { id: body });
  return Promise.race([refused, arrived]);
}

async function refusedRequest(from: XmppClient, to: XmppClient, isHidden: boolean): Promise<string> {
  from.subscribe(to.jid);
  if (!isHidden) {
    await from.waitForPresence(to.jid, "unsubscribed");
    return "refused";
  }
  // Its error comes behind the answer to the request, which was sent first.
  await message(from, to, `behind the request of ${from.jid}`);
  const answers = from.received.filter(({ name, attributes }) => name === "presence" && attributes.from === to.jid);
  return answers.length === 0 ? "refused unseen" : answers.map(({ attributes }) => attributes.type).join(", ");
}

async function subscription(from: XmppClient, to: XmppClient): Promise<string> {
  from.subscribe(to.jid);
  await to.waitForPresence(from.jid, "subscribe");
  to.accept(from.jid);
  await from.waitForPresence(to.jid, "subscribed");
  return "passes";
}

/** Directed, so that it is of this pair alone. */
async function presence(from: XmppClient, to: XmppClient): Promise<string> {
  from.presence({ to: to.jid, show: "xa", status: "a note" });
  const seen = await to.waitFor(
    `presence of ${from.jid}`,
    (stanza) =>
      stanza.name === "presence" && stanza.attributes.from === from.fullJid && child(stanza, "show")?.text === "xa",
  );
  return child(seen, "status")?.text === "a note" ? "passes with its note" : "passes without its note";
}

async function typing(from: XmppClient, to: XmppClient): Promise<string> {
  from.send(`<message to='${to.fullJid}' type='chat'><composing xmlns='${TYPING}'/></message>`);
  await to.waitFor(
    `typing of ${from.jid}`,
    (stanza) => stanza.attributes.from === from.fullJid && child(stanza, "composing")?.namespace === TYPING,
  );
  return "passes";
}

/** XEP-0184: the request goes one way, the receipt, which counts here, the other. */
async function receipt(from: XmppClient, to: XmppClient): Promise<string> {
  const id = `wants a receipt ${from.jid}`;
  to.send(
    `<message to='${from.fullJid}' type='chat' id='${id}'><body>${id}</body><request xmlns='${RECEIPTS}'/></message>`,
  );
  const asking = await from.waitForMessage(to.jid, id);
  if (child(asking, "request")?.namespace !== RECEIPTS) return "passes without the request";
  from.send(`<message to='${to.fullJid}'><received xmlns='${RECEIPTS}' id='${id}'/></message>`);
  await to.waitFor(
    `a receipt of ${from.jid}`,
    (stanza) =>
      stanza.attributes.from === from.fullJid &&
      child(stanza, "received")?.namespace === RECEIPTS &&
      child(stanza, "received")?.attributes.id === id,
  );
  return "passes";
}

/** A message to nobody comes back under its id. */
async function error(from: XmppClient, domain: string): Promise<string> {
  const id = `to nobody at ${domain}`;
  from.message(`nobody@${domain}`, "anybody?", { id });
  const stanza = await from.waitForError(id);
  return condition(stanza) === "service-unavailable" ? "passes" : `returned with ${condition(stanza)}`;
}
