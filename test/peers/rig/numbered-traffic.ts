import { PeerRigError } from "./peer-error";
import type { SandboxUser } from "./sandbox-user";
import { child } from "./stanza";
import type { XmppClient } from "./xmpp-client";

/** What became of numbered messages, each counted by its id. */
export interface Outcome {
  readonly sent: number;
  readonly delivered: number;
  readonly returned: number;
  /** Neither delivered nor returned. */
  readonly silent: readonly string[];
  /** Delivered more than once, or returned more than once. */
  readonly twice: readonly string[];
  /** Delivered, and returned as well. */
  readonly both: readonly string[];
}

/** Counts what arrived and what came back, each a list of ids in which one may stand more than once. */
export function outcomeOf(sent: readonly string[], delivered: readonly string[], returned: readonly string[]): Outcome {
  const [there, back] = [countsOf(delivered), countsOf(returned)];
  return {
    sent: sent.length,
    delivered: sent.filter((id) => there.has(id)).length,
    returned: sent.filter((id) => back.has(id)).length,
    silent: sent.filter((id) => !there.has(id) && !back.has(id)),
    twice: sent.filter((id) => (there.get(id) ?? 0) > 1 || (back.get(id) ?? 0) > 1),
    both: sent.filter((id) => there.has(id) && back.has(id)),
  };
}

export const tell = ({ sent, delivered, returned, silent, twice, both }: Outcome): string =>
  `${sent} sent, ${delivered} delivered, ${returned} returned, ${silent.length} silent, ${twice.length} twice, ` +
  `${both.length} delivered and returned`;

function countsOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** The texts of the chat messages that a client got. */
export const bodiesAt = (client: XmppClient): string[] =>
  client.received.flatMap((stanza) => (stanza.attributes.type === "chat" ? (child(stanza, "body")?.text ?? []) : []));

/** The ids of its messages that came back to a client as errors. */
export const returnedTo = (client: XmppClient): string[] =>
  client.received.flatMap(({ name, attributes }) =>
    name === "message" && attributes.type === "error" ? (attributes.id ?? []) : [],
  );

/** The ids in an inbox: of the messages that arrived, and of the user's own that came back, with what was said. */
export async function inboxOf(user: SandboxUser) {
  const entries = await user.inbox();
  const arrived = entries.flatMap((entry) => (entry.kind === "message" ? (entry.id ?? "") : []));
  const returns = entries.flatMap((entry) =>
    entry.kind === "error" ? { id: entry.id ?? "", text: entry.error?.text ?? "" } : [],
  );
  return { arrived, returned: returns.map(({ id }) => id), returns };
}

export interface Flow {
  /** Asked before each number, the first is 0: whether there is a message of it each way, and one to the echo user. */
  readonly more: (number: number) => boolean;
  /** Milliseconds between two of a kind. */
  readonly pace: number;
  readonly client: XmppClient;
  readonly user: SandboxUser;
  readonly echo: string;
}

/** What a flow sent: of ours only what the gateway said it has. */
export interface Sent {
  readonly inward: readonly string[];
  readonly echoed: readonly string[];
  readonly outward: readonly string[];
}

/**
 * Sends numbered messages, their text their id: a partner's user to ours and to the echo user, and ours to them
 * wherever the gateway is there to take them.
 */
export async function flow({ more, pace, client, user, echo }: Flow): Promise<Sent> {
  const sent = { inward: [] as string[], echoed: [] as string[], outward: [] as string[] };
  const offers: Promise<void>[] = [];
  const offer = async (id: string) => {
    try {
      await user.message(client.jid, id, id);
      sent.outward.push(id);
    } catch (error) {
      if (!(error instanceof PeerRigError)) throw error; // no gateway: nobody has been told that it is taken over
    }
  };
  const start = performance.now();
  for (let number = 0; more(number); number++) {
    const [inward, echoed] = [`in-${number}`, `echo-${number}`];
    client.message(user.jid, inward, { id: inward });
    client.message(echo, echoed, { id: echoed });
    sent.inward.push(inward);
    sent.echoed.push(echoed);
    offers.push(offer(`out-${number}`));
    const ahead = start + (number + 1) * pace - performance.now();
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  await Promise.all(offers);
  return sent;
}
