import { serverNamespace } from "../../stream/namespaces";
import { xml } from "../../stream/xml/element";
import type { Contact, Watcher } from "../store/store";
import type { BlindUsers, EntitlementChange } from "./entitlement-change";
import { sendPresence, subscription, unavailable } from "./presence";
import { partyOf, type RoutingContext } from "./routing-context";

/** Milliseconds of work between two turns of the event loop. */
const TURN = 8;
/** Beyond this much waiting for a pair the review waits too, so that messages find room. */
const MAXIMUM_BACKLOG = 1_000;
const BACKLOG_PAUSE = 100;
/** A partner that takes nothing for so long is not told: what waits for it expires as well. In ms. */
const PATIENCE = 60_000;

/**
 * Judges watchers again after a change: those no longer entitled get `unavailable` and `unsubscribed`, the others
 * presence as they may see it now (DESIGN, "Downgrade"). Our own users are told that contacts of whom they will hear
 * nothing more are unavailable. Beside the traffic, and by the policy of the moment: a change that comes meanwhile is
 * judged with it.
 */
export class EntitlementReview {
  readonly #context: RoutingContext;
  #waiting: { readonly watchers: () => readonly Watcher[]; readonly tellAgain: boolean }[] = [];
  #blind: BlindUsers[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(context: RoutingContext) {
    this.#context = context;
  }

  /** Begins, or goes on with this too. Resolves when all is judged. */
  run({ domains, users, blocked, blind }: EntitlementChange): Promise<void> {
    const { store } = this.#context;
    for (const domain of domains) this.#waiting.push({ watchers: () => store.watchersFrom(domain), tellAgain: true });
    for (const user of users) this.#waiting.push({ watchers: () => store.watchersOf(user), tellAgain: false });
    const theirs = new Set(blocked);
    for (const domain of new Set(blocked.map(domainOf))) {
      const watchers = () => store.watchersFrom(domain).filter(({ remote }) => theirs.has(remote));
      this.#waiting.push({ watchers, tellAgain: false });
    }
    this.#blind.push(blind);
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #work(): Promise<void> {
    let told = 0;
    let ended = 0;
    let hidden = 0;
    let since = performance.now();
    const turn = async () => {
      if (performance.now() - since < TURN) return;
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    };
    try {
      while (this.#blind.length + this.#waiting.length > 0) {
        // First: no partner has to be waited for.
        for (const blind of this.#blind.splice(0))
          for (const user of blind.users) {
            hidden += this.#hideContacts(user, blind);
            await turn();
            if (this.#stopped) return;
          }
        const job = this.#waiting.shift();
        for (const watcher of job?.watchers() ?? []) {
          await this.#room(watcher);
          if (this.#stopped) return;
          const outcome = this.#judge(watcher, job!.tellAgain);
          if (outcome === "told") told++;
          else if (outcome === "ended") ended++;
          await turn();
        }
      }
      if (told + ended + hidden > 0)
        this.#context.log.info("entitlements-reviewed", { presenceAgain: told, ended, contactsHidden: hidden });
    } catch (error) {
      this.#context.log.error("review-failed", { reason: (error as Error).message });
    }
  }

  /**
   * Tells a user of contacts who may have been available when they went out of sight; says of how many. Those who are in
   * sight again are asked for their presence by the next refresh.
   */
  #hideContacts(user: string, { denied, domains, blocked, unblocked }: BlindUsers): number {
    const { store, inner, access, policy } = this.#context;
    const isOut = ({ remote, state }: Contact) => {
      const domain = domainOf(remote);
      if (state === "refused" || !(domains.has(domain) || denied.has(user) || blocked.has(remote))) return false;
      return !access.allowed(user) || policy.row(domainOf(user), domain) === undefined || policy.blocks(remote);
    };
    const contacts = store.contactsOf(user);
    for (const contact of contacts) if (unblocked.has(contact.remote)) store.putContact({ ...contact, refreshedAt: 0 });
    const out = contacts.filter(isOut);
    for (const { remote } of out) inner.presence({ from: remote, to: user, available: false });
    return out.length;
  }

  /** Waits until the partner's queue has room; what is told to one that takes nothing would only be thrown away. */
  async #room({ local, remote }: Watcher): Promise<void> {
    const pair = { local: domainOf(local), remote: domainOf(remote) };
    for (let waited = 0; waited < PATIENCE && !this.#stopped; waited += BACKLOG_PAUSE) {
      if (this.#context.outbox.backlog(pair) < MAXIMUM_BACKLOG) return;
      await new Promise((resolve) => setTimeout(resolve, BACKLOG_PAUSE).unref());
    }
  }

  #judge({ local, remote }: Watcher, tellAgain: boolean): "told" | "ended" | undefined {
    const context = this.#context;
    const pair = { local: domainOf(local), remote: domainOf(remote) };
    const row = context.policy.row(pair.local, pair.remote);
    if (row !== undefined && context.reachable(row, local, remote)) {
      if (!tellAgain) return undefined;
      // Who is a server's user is asked anew on the watcher's behalf: the answer passes the policy of now.
      if (context.inner.relay !== undefined)
        context.inner.relay(xml("presence", serverNamespace, { from: remote, to: local, type: "probe" }));
      else sendPresence(context, pair, row, local, remote, context.inner.availability(local));
      return "told";
    }
    endWatching(context, { local, remote });
    if (row === undefined) return "ended"; // there is no stream to say it on
    context.outbox.send(pair, unavailable(local, remote));
    context.outbox.send(pair, subscription(local, remote, "unsubscribed"));
    return "ended";
  }
}

/** Takes a watcher out of the state, and tells the local user. */
export function endWatching({ store, inner }: RoutingContext, { local, remote }: Watcher): void {
  store.removeWatcher(local, remote);
  inner.subscribe({ local, remote, state: "watching-ended" });
}

/** The domain of a stored address. */
function domainOf(address: string): string {
  return partyOf(address)?.domain ?? "";
}
