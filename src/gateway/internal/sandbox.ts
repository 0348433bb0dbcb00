import { bareAddress, formatAddress, parseAddress } from "../../definition/names/address";
import type { Log } from "../log";
import type { StateStore } from "../store/sandbox-store";
import type { Contact } from "../store/store";
import { echoAnswer, echoOf } from "./echo";
import { INBOX_BOUND, type InboxItem, type InboxPage, readInbox } from "./inbox";
import type {
  Availability,
  ChatState,
  FederationSide,
  InboundMessage,
  InboundPresence,
  InternalSide,
  OutboundMessage,
  SendOutcome,
  SendRefusal,
  SubscriptionNotice,
} from "./internal-side";

export interface SandboxOptions {
  /** Bare addresses, prepared. */
  readonly users: readonly string[];
  /** Each has its `echo@`. */
  readonly localDomains: readonly string[];
  readonly store: StateStore;
  /** The clock, ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** What a user of the sandbox can do; addresses as people write them, and each call judged before it does anything. */
export interface SandboxUsers {
  send(message: OutboundMessage): SendOutcome;
  /** What reached a user, after a cursor (0: from the start), oldest first. */
  inbox(user: string, after: number, limit: number): InboxPage | SendRefusal;
  contacts(user: string): readonly Contact[] | SendRefusal;
  addContact(user: string, contact: string): SendOutcome;
  removeContact(user: string, contact: string): SendOutcome;
  /** Keeps a user's availability and tells the entitled watchers. */
  setAvailability(user: string, availability: Availability): SendRefusal | undefined;
  sendTyping(user: string, contact: string, state: ChatState): SendOutcome;
  /** Resolves when all that was done before is durable. */
  committed(): Promise<void>;
}

/** An internal side for trying things out: a few users, whose inboxes are kept and read over HTTP, and the echo. */
export interface Sandbox extends InternalSide, SandboxUsers {
  /** Has these users from now on, with an echo in each domain; what the others had is kept, and shown to nobody. */
  serve(users: readonly string[], localDomains: readonly string[]): void;
}

/** A message came for somebody whom `hasUser` denies: the federation side did not ask. */
export class NoSuchUserError extends Error {
  override readonly name = "NoSuchUserError";
  readonly code = "sandbox-no-such-user";
}

const UNAVAILABLE: Availability = { available: false };

/** Makes the sandbox once the federation side stands. */
export function createSandbox(options: SandboxOptions): (federation: FederationSide) => Sandbox {
  return (federation) => new StoredSandbox(options, federation);
}

class StoredSandbox implements Sandbox {
  #users: ReadonlySet<string> = new Set();
  #echoes: ReadonlySet<string> = new Set();
  /** Whose inbox has lost entries: said once. */
  readonly #full = new Set<string>();

  constructor(
    private readonly options: SandboxOptions,
    private readonly federation: FederationSide,
  ) {
    this.serve(options.users, options.localDomains);
  }

  serve(users: readonly string[], localDomains: readonly string[]): void {
    this.#echoes = new Set(localDomains.map(echoOf));
    this.#users = new Set(users.filter((user) => !this.#echoes.has(user)));
  }

  hasUser(address: string): boolean {
    return this.#users.has(address) || this.#echoes.has(address);
  }

  deliver(message: InboundMessage): void {
    if (this.#echoes.has(message.to)) {
      this.#echo(message);
      return;
    }
    if (!this.#users.has(message.to)) throw new NoSuchUserError(`no user ${message.to} in the sandbox`);
    const { from, id, type, body, subject, thread, error } = message;
    const content = { from, ...given({ id, body, subject, thread }) };
    this.#append(
      message.to,
      type === "error" ? { kind: "error", ...content, ...given({ error }) } : { kind: "message", type, ...content },
    );
  }

  subscribe({ local, remote, state }: SubscriptionNotice): void {
    this.#append(local, { kind: "subscription", from: remote, state });
  }

  presence({ from, to, available, show, status }: InboundPresence): void {
    this.#append(to, { kind: "presence", from, available, ...given({ show, status }) });
  }

  typing(from: string, to: string, state: ChatState): void {
    this.#append(to, { kind: "typing", from, state });
  }

  availability(address: string): Availability {
    if (this.#echoes.has(address)) return { available: true };
    const stored = this.#users.has(address) ? this.options.store.sandbox.availability(address) : undefined;
    return stored === undefined ? UNAVAILABLE : (JSON.parse(stored) as Availability);
  }

  /** All it holds is the store's, which commits when it is closed. */
  async close(): Promise<void> {}

  send(message: OutboundMessage): SendOutcome {
    return this.#between(message.from, message.to, (from, to) => this.federation.send({ ...message, from, to }));
  }

  inbox(user: string, after: number, limit: number): InboxPage | SendRefusal {
    const known = this.#user(user);
    return typeof known === "string" ? readInbox(this.options.store.sandbox, known, after, limit) : known;
  }

  contacts(user: string): readonly Contact[] | SendRefusal {
    const known = this.#user(user);
    return typeof known === "string" ? this.options.store.contactsOf(known) : known;
  }

  addContact(user: string, contact: string): SendOutcome {
    return this.#between(user, contact, (local, remote) => this.federation.addContact(local, bare(remote)));
  }

  removeContact(user: string, contact: string): SendOutcome {
    return this.#between(user, contact, (local, remote) => this.federation.removeContact(local, bare(remote)));
  }

  setAvailability(user: string, { available, show, status }: Availability): SendRefusal | undefined {
    const known = this.#user(user);
    if (typeof known !== "string") return known;
    const availability: Availability = { available, ...given({ show, status }) };
    this.options.store.sandbox.putAvailability(known, JSON.stringify(availability));
    this.federation.announce(known, availability);
    return undefined;
  }

  sendTyping(user: string, contact: string, state: ChatState): SendOutcome {
    return this.#between(user, contact, (local, remote) => this.federation.typing(local, remote, state));
  }

  committed(): Promise<void> {
    return this.options.store.committed();
  }

  /** The answer is taken over in the same transaction as the message: accepted together or not at all. */
  #echo(message: InboundMessage): void {
    const answer = echoAnswer(message);
    if (answer === undefined) return;
    const outcome = this.federation.send(answer);
    if (!outcome.ok) this.options.log.debug("echo-refused", { to: answer.to, condition: outcome.condition });
  }

  /** What the echo user gets is for nobody; nor has a user whom the definition no longer names an inbox. */
  #append(user: string, item: InboxItem): void {
    if (!this.#users.has(user)) return;
    const { store, now, log } = this.options;
    const dropped = store.sandbox.append(user, Math.floor(now()), JSON.stringify(item), INBOX_BOUND);
    if (dropped === 0 || this.#full.has(user)) return;
    this.#full.add(user);
    log.warn("inbox-full", { user, entries: INBOX_BOUND.entries });
  }

  #between(user: string, other: string, act: (local: string, remote: string) => SendOutcome): SendOutcome {
    const local = this.#user(user);
    if (typeof local !== "string") return local;
    const remote = parseAddress(other);
    if (!remote.ok) return refused("jid-malformed", `${quoted(other)}: ${remote.reason}`);
    return act(local, formatAddress(remote.address));
  }

  /** The prepared address of a user of the sandbox, or why it is none. */
  #user(text: string): string | SendRefusal {
    const parsed = parseAddress(text);
    if (!parsed.ok) return refused("jid-malformed", `${quoted(text)}: ${parsed.reason}`);
    const address = formatAddress(bareAddress(parsed.address));
    if (this.#users.has(address)) return address;
    if (this.#echoes.has(address)) return refused("forbidden", `${address} speaks for itself alone`);
    return refused("item-not-found", `no user ${quoted(address)} in the sandbox; the definition names its users`);
  }
}

function refused(condition: SendRefusal["condition"], text: string): SendRefusal {
  return { ok: false, condition, text };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function bare(prepared: string): string {
  const slash = prepared.indexOf("/");
  return slash < 0 ? prepared : prepared.slice(0, slash);
}

/** The fields that have a value: an absent one is left out, not `undefined`. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
