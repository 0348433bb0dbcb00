import type { InboxEntry } from "../../gateway/internal/inbox";
import type { GatewayStatus } from "../../gateway/status";
import { CommandError } from "../context";

const ANSWER_MS = 5_000;
const POLL_MS = 25;

/** One gateway's admin port, as `up` uses it. */
export class SandboxClient {
  readonly #url: string;
  readonly #token: string;
  /** How far each user's inbox has been read. */
  readonly #cursors = new Map<string, number>();

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async status(): Promise<GatewayStatus> {
    return (await this.#call("GET", "/status")) as GatewayStatus;
  }

  /** Sends a message; resolves with its id when the gateway has accepted it. */
  async send(from: string, to: string, body: string): Promise<string> {
    const { id } = (await this.#call("POST", "/sandbox/messages", { from, to, body })) as { id: string };
    return id;
  }

  async addContact(user: string, contact: string): Promise<void> {
    await this.#call("POST", "/sandbox/contacts", { user, contact });
  }

  /** Waits until a contact's side has agreed to be watched. */
  async waitForSubscription(user: string, contact: string, patience: number, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + patience;
    while (Date.now() < until && !signal.aborted) {
      const { contacts } = (await this.#call("GET", `/sandbox/contacts?user=${encodeURIComponent(user)}`)) as {
        contacts: readonly { contact: string; state: string }[];
      };
      if (contacts.some((one) => one.contact === contact && one.state === "subscribed")) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  }

  async setPresence(user: string, presence: { available: boolean; show?: string; status?: string }): Promise<void> {
    await this.#call("PUT", "/sandbox/presence", { user, ...presence });
  }

  /** Waits for something to reach a user; what came before it is passed over. Undefined when time is up. */
  async waitFor(
    user: string,
    matches: (entry: InboxEntry) => boolean,
    patience: number,
    signal: AbortSignal,
  ): Promise<InboxEntry | undefined> {
    const until = Date.now() + patience;
    while (Date.now() < until && !signal.aborted) {
      const after = this.#cursors.get(user) ?? 0;
      const { entries } = (await this.#call(
        "GET",
        `/sandbox/messages?user=${encodeURIComponent(user)}&after=${after}`,
      )) as { entries: InboxEntry[] };
      for (const entry of entries) {
        this.#cursors.set(user, entry.entry);
        if (matches(entry)) return entry;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return undefined;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { condition, text } = answer as { condition?: string; text?: string };
    throw new CommandError(
      `${method} ${path} was refused with ${response.status}: ${condition ?? ""} ${text ?? ""}`.trim(),
      1,
    );
  }
}
