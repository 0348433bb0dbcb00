import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { errorReply } from "../../stream/stanza-error";
import { type Element, xml } from "../../stream/xml/element";
import type { Counters } from "../counters";
import type { RelayRefusal, SendRefusal } from "../internal/internal-side";
import type { Log } from "../log";
import type { Pair } from "../s2s/pair";
import type { BlockedUserStatus } from "../status";
import type { Parties, RoutingContext } from "./routing-context";

/** What one of ours is told who writes to somebody blocked; a client that knows the block list shows it as such. */
export const BLOCKED_TEXT = "this address is blocked for everybody here (blockedUsers of the partner)";
const BLOCKED = xml("blocked", "urn:xmpp:blocking:errors");

/**
 * A stanza of somebody who is blocked while the partner is not, answered as XEP-0191 section 3.3 has it, so that our
 * users look offline or unknown: presence of every kind is met with silence, an answer of theirs is dropped, a message
 * or a question comes back as from a user who is not there.
 */
export function onBlocked(
  context: RoutingContext,
  pair: Pair,
  row: DocumentPartner,
  stanza: Element,
  { from }: Parties,
): void {
  context.blocked.note("in", from.bare, row, stanza.name);
  const { type, id } = stanza.attrs;
  const isQuestion = (type === "get" || type === "set") && id !== undefined && id !== "";
  if (stanza.name === "message" ? type === "error" : stanza.name !== "iq" || !isQuestion) return;
  if (stanza.name === "message") context.counters.add('messages_total{direction="in",result="refused"}');
  context.outbox.send(pair, errorReply(stanza, "service-unavailable"));
}

/** What is refused to and from those who are blocked: counted, and named. Holds nobody who is not blocked now. */
export class BlockedUsers {
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #users = new Map<string, { partner: string; in: number; out: number; at: number }>();

  constructor(counters: Counters, log: Log, now: () => number) {
    this.#counters = counters;
    this.#log = log;
    this.#now = now;
  }

  /** A stanza did not pass. The first each way has a line of the log: whoever is blocked must not fill it. */
  note(direction: "in" | "out", user: string, { domain }: DocumentPartner, kind?: string): void {
    const known = this.#users.get(user) ?? { partner: domain, in: 0, out: 0, at: 0 };
    this.#users.set(user, known);
    known[direction]++;
    known.at = this.#now();
    this.#counters.add(`blocked_stanzas_total{partner="${domain}",direction="${direction}"}`);
    const level = known[direction] === 1 ? "info" : "debug";
    this.#log[level]("user-blocked", { user, partner: domain, direction, kind });
  }

  /** The refusal of what one of ours sends there (XEP-0191 section 3.3). */
  refusal(user: string, row: DocumentPartner): SendRefusal & RelayRefusal {
    this.note("out", user, row);
    return { ok: false, condition: "not-acceptable", text: BLOCKED_TEXT, detail: BLOCKED };
  }

  /** Forgets those who are blocked no more. */
  keep(isBlocked: (user: string) => boolean): void {
    for (const user of this.#users.keys()) if (!isBlocked(user)) this.#users.delete(user);
  }

  /** Who was refused something, the last one first. */
  status(): BlockedUserStatus[] {
    return [...this.#users]
      .sort(([, one], [, other]) => other.at - one.at)
      .map(([user, { partner, in: inward, out, at }]) => ({
        user,
        partner,
        in: inward,
        out,
        lastAt: new Date(at).toISOString(),
      }));
  }
}
