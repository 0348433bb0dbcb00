import type { Element } from "../../stream/xml/element";

/** A message from a partner's user to one of ours, after every check. Addresses are prepared. */
export interface InboundMessage {
  /** Full or bare address of the sender. */
  readonly from: string;
  /** Bare address of the local user; with a resource where an inner server's user is given something back. */
  readonly to: string;
  /** The stanza's own id, where it had one. */
  readonly id?: string;
  /** `error` carries an answer to something one of ours sent. */
  readonly type: "chat" | "normal" | "headline" | "groupchat" | "error";
  readonly body?: string;
  readonly subject?: string;
  readonly thread?: string;
  /** Stanza error of a message of type `error` (RFC 6120 section 8.3). */
  readonly error?: { readonly condition: string; readonly text?: string };
}

/** Availability of somebody: a local user outward, a contact inward (RFC 6121 section 4.7). */
export interface Availability {
  readonly available: boolean;
  readonly show?: "away" | "chat" | "dnd" | "xa";
  /** The status note. */
  readonly status?: string;
}

/** A contact's availability, as the partner sent it. */
export interface InboundPresence extends Availability {
  readonly from: string;
  readonly to: string;
}

/** What became of a subscription between a local user and a partner's user. */
export interface SubscriptionNotice {
  readonly local: string;
  readonly remote: string;
  /** `watching`: the remote user now sees ours; `subscribed`: ours now sees the remote one. */
  readonly state: "watching" | "watching-ended" | "subscribed" | "unsubscribed";
}

/** Chat state of a conversation (XEP-0085). */
export type ChatState = "active" | "composing" | "paused" | "inactive" | "gone";

/** The inner side: who answers for our users. The federation side must not know which one it is. */
export interface InternalSide {
  /** Whether a bare address is a user here; the echo user counts. */
  hasUser(address: string): boolean;
  /** Takes a message over. It counts as accepted once this returns and the store has committed. */
  deliver(message: InboundMessage): void;
  /** Tells what became of a subscription. */
  subscribe(notice: SubscriptionNotice): void;
  presence(presence: InboundPresence): void;
  typing(from: string, to: string, state: ChatState): void;
  /** The present availability of a local user. */
  availability(address: string): Availability;
  /**
   * Only of an inner side that is a server with users of its own: takes over a whole stanza from a partner's user to
   * one of ours, judged and cleaned. A message with a body, or an error, counts as accepted once the store has
   * committed; the rest may be lost with the process. `deliver` then takes only what the gateway itself gives back.
   */
  relay?(stanza: Element): void;
  close(): Promise<void>;
}

/** Why something was not taken over for sending. */
export interface SendRefusal {
  readonly ok: false;
  /** Stanza error condition (RFC 6120 section 8.3.3). */
  readonly condition:
    | "item-not-found"
    | "forbidden"
    | "remote-server-not-found"
    | "jid-malformed"
    | "policy-violation"
    | "not-acceptable"
    | "resource-constraint";
  readonly text: string;
  /** The condition of an application, for clients that know it (RFC 6120 section 8.3.4). */
  readonly detail?: Element;
}
/** Why a whole stanza was not taken over. */
export interface RelayRefusal extends Omit<SendRefusal, "condition"> {
  readonly condition: SendRefusal["condition"] | "service-unavailable";
}
export type SendOutcome = { readonly ok: true; readonly id: string } | SendRefusal;

/** A message of one of ours to a partner's user. */
export interface OutboundMessage {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly type?: "chat" | "normal" | "headline";
  readonly body: string;
  readonly subject?: string;
  readonly thread?: string;
}

/** What the federation side does for the inner side. Every call is judged by the policy first. */
export interface FederationSide {
  /** Takes a message over for delivery: durable when the store's next commit is through. */
  send(message: OutboundMessage): SendOutcome;
  /** Adds a contact and asks for its presence. */
  addContact(local: string, remote: string): SendOutcome;
  removeContact(local: string, remote: string): SendOutcome;
  /** Tells every entitled watcher; judged by the policy at each send. */
  announce(local: string, availability: Availability): void;
  typing(local: string, remote: string, state: ChatState): SendOutcome;
  /**
   * Takes over a whole stanza of a user of ours, as an inner server sends it; undefined where it is taken. What it
   * tells of contacts and watchers is kept, as with `addContact`. A message with a body is durable, as with `send`.
   */
  relay(stanza: Element): RelayRefusal | undefined;
  /** Answers a partner's user whose stanza was taken over and could not be delivered: an error, from one of ours. */
  giveBack(answer: Element): void;
}

/** Makes an inner side once the federation side stands. */
export type InternalSideFactory = (federation: FederationSide) => InternalSide;
