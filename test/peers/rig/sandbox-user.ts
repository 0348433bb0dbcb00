import type { InboxEntry, InboxPage } from "../../../src/gateway/internal/inbox";
import { PeerRigError } from "./peer-error";
import { until } from "./until";

type Request = (method: string, path: string, body?: unknown) => Promise<unknown>;
type Kind<K extends InboxEntry["kind"]> = Extract<InboxEntry, { kind: K }>;

/** Requests at once; the gateway takes 64 connections. */
const REQUESTS = 16;
/** Milliseconds between two looks into the inbox. */
const POLL = 20;

/** One of our users, played over the sandbox's HTTP API. */
export class SandboxUser {
  private next = 0;
  /** Entries that no wait has taken yet. */
  private readonly unclaimed: InboxEntry[] = [];

  constructor(
    /** Bare address. */
    readonly jid: string,
    private readonly request: Request,
  ) {}

  /** Sends a message; resolves once the gateway has it for good, with the message's id. */
  async message(to: string, body: string, id?: string): Promise<string> {
    const answer = await this.request("POST", "/sandbox/messages", { from: this.jid, to, body, ...(id && { id }) });
    return (answer as { id: string }).id;
  }

  /**
   * Sends messages whose text is their id, several at once, and gives back which were accepted: all, unless the
   * gateway ends meanwhile.
   */
  async burst(to: string, ids: readonly string[]): Promise<string[]> {
    const left = [...ids];
    const accepted: string[] = [];
    const send = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        try {
          accepted.push(await this.message(to, id, id));
        } catch (error) {
          if (error instanceof PeerRigError) return; // nobody has been told that this one is accepted
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: REQUESTS }, send));
    return accepted;
  }

  /** Adds a contact, which asks for their presence. */
  async addContact(contact: string): Promise<void> {
    await this.request("POST", "/sandbox/contacts", { user: this.jid, contact });
  }

  async removeContact(contact: string): Promise<void> {
    await this.request("DELETE", `/sandbox/contacts?${new URLSearchParams({ user: this.jid, contact })}`);
  }

  /** The contacts and how far each subscription is: `{ "romeo@b.example": "subscribed" }`. */
  async contacts(): Promise<Record<string, string>> {
    const answer = await this.request("GET", `/sandbox/contacts?user=${encodeURIComponent(this.jid)}`);
    const { contacts } = answer as { contacts: { contact: string; state: string }[] };
    return Object.fromEntries(contacts.map(({ contact, state }) => [contact, state]));
  }

  async presence(availability: { available: boolean; show?: string; status?: string }): Promise<void> {
    await this.request("PUT", "/sandbox/presence", { user: this.jid, ...availability });
  }

  /** Tells somebody how far the typing is (XEP-0085). */
  async typing(to: string, state: Kind<"typing">["state"]): Promise<void> {
    await this.request("POST", "/sandbox/typing", { from: this.jid, to, state });
  }

  /** All that ever reached this user, oldest first. */
  async inbox(): Promise<InboxEntry[]> {
    const entries: InboxEntry[] = [];
    for (let after = 0; ; ) {
      const page = await this.page(after);
      if (page.entries.length === 0) return entries;
      entries.push(...page.entries);
      after = page.next;
    }
  }

  /** Waits for someone's message of that text (or any). */
  waitForMessage(from: string, body?: string): Promise<Kind<"message">> {
    return this.waitFor(
      "message",
      (entry) => isFrom(entry, from) && (body === undefined || entry.body === body),
      `from ${from}${body === undefined ? "" : ` with "${body}"`}`,
    );
  }

  /** Waits for the error that answers the message with that id. */
  waitForError(id: string): Promise<Kind<"error">> {
    return this.waitFor("error", (entry) => entry.id === id, `for ${id}`);
  }

  /** Waits for what became of a subscription. */
  waitForSubscription(from: string, state: Kind<"subscription">["state"]): Promise<Kind<"subscription">> {
    return this.waitFor("subscription", (entry) => isFrom(entry, from) && entry.state === state, `${state} ${from}`);
  }

  waitForTyping(from: string, state: Kind<"typing">["state"]): Promise<Kind<"typing">> {
    return this.waitFor("typing", (entry) => isFrom(entry, from) && entry.state === state, `${state} ${from}`);
  }

  /** Waits for presence of someone that fits. */
  waitForPresence(from: string, matches: (entry: Kind<"presence">) => boolean = () => true): Promise<Kind<"presence">> {
    return this.waitFor("presence", (entry) => isFrom(entry, from) && matches(entry), `from ${from}`);
  }

  /** Gives back the first entry of that kind that matches and that no wait has taken before, now or within the time. */
  private waitFor<K extends InboxEntry["kind"]>(
    kind: K,
    matches: (entry: Kind<K>) => boolean,
    wanted: string,
  ): Promise<Kind<K>> {
    const look = async () => {
      const page = await this.page(this.next);
      this.next = page.next;
      this.unclaimed.push(...page.entries);
      const index = this.unclaimed.findIndex((entry) => entry.kind === kind && matches(entry as Kind<K>));
      return index < 0 ? undefined : (this.unclaimed.splice(index, 1)[0] as Kind<K>);
    };
    const last = () => this.unclaimed.slice(-5).map((entry) => JSON.stringify(entry));
    return until(() => `${this.jid}: ${kind} ${wanted}. In the inbox last:\n${last().join("\n")}`, look, {
      interval: POLL,
    });
  }

  private async page(after: number): Promise<InboxPage> {
    const query = new URLSearchParams({ user: this.jid, after: String(after), limit: "1000" });
    return (await this.request("GET", `/sandbox/messages?${query}`)) as InboxPage;
  }
}

/** By full address, or by bare address whatever the resource. */
function isFrom({ from }: { readonly from: string }, jid: string): boolean {
  return from === jid || from.startsWith(`${jid}/`);
}
