import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PATIENCE } from "./patience";
import { PeerRigError } from "./peer-error";
import { child, type Element, escapeXml, StanzaReader } from "./stanza";

export interface ClientOptions {
  readonly address: string;
  readonly port: number;
  /** Bare address: `juliet@a.example`. */
  readonly jid: string;
  readonly password: string;
}

export interface MessageOptions {
  readonly id?: string;
  /** Default `chat`. */
  readonly type?: string;
}

export interface PresenceOptions {
  readonly to?: string;
  /** `unavailable`, `subscribe`, … Left out: available. */
  readonly type?: string;
  readonly show?: string;
  /** The note. */
  readonly status?: string;
}

interface Waiter {
  readonly matches: (stanza: Element) => boolean;
  readonly resolve: (stanza: Element) => void;
  readonly reject: (error: Error) => void;
}

const resource = "test";

/** An XMPP user at a test server: PLAIN on loopback without TLS. Everything received is kept. */
export class XmppClient {
  /** All stanzas since the login, oldest first. */
  readonly received: Element[] = [];
  /** Stanzas that no wait has taken yet. */
  private readonly unclaimed: Element[] = [];
  private readonly waiters = new Set<Waiter>();
  private reader: StanzaReader;
  private closed: string | undefined;
  private nextId = 1;

  private constructor(
    /** Bare address. */
    readonly jid: string,
    private readonly socket: Socket,
  ) {
    this.reader = this.newReader();
    socket.setEncoding("utf8"); // a character may come in two reads
    socket.setNoDelay(true);
    socket.on("data", (text: unknown) => this.reader.write(String(text)));
    socket.on("error", (error) => this.end(error.message));
    socket.on("close", () => this.end("connection closed"));
  }

  /** Logs in, fetches the contacts (so that pushes come) and sends initial presence. */
  static async login({ address, port, jid, password }: ClientOptions): Promise<XmppClient> {
    const socket = connect(port, address);
    await once(socket, "connect");
    const client = new XmppClient(jid, socket);
    const [local, domain] = jid.split("@") as [string, string];
    await client.openStream(domain);
    const credentials = Buffer.from(`\0${local}\0${password}`).toString("base64");
    client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`);
    const answer = await client.waitFor("an answer to PLAIN", ({ name }) => name === "success" || name === "failure");
    if (answer.name === "failure") {
      socket.destroy();
      throw new PeerRigError(
        "client-refused",
        `${jid}: login failed: ${answer.children[0]?.name}; is the account given?`,
      );
    }
    await client.openStream(domain);
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`;
    await client.iq({ type: "set", payload: bind });
    await client.iq({ type: "get", payload: "<query xmlns='jabber:iq:roster'/>" });
    client.presence();
    client.received.length = 0;
    client.unclaimed.length = 0;
    return client;
  }

  /** With its resource. */
  get fullJid(): string {
    return `${this.jid}/${resource}`;
  }

  /** Writes XML as it is. */
  send(xml: string): void {
    this.socket.write(xml);
  }

  message(to: string, body: string, { id = this.newId(), type = "chat" }: MessageOptions = {}): void {
    this.send(
      `<message to='${escapeXml(to)}' type='${type}' id='${escapeXml(id)}'><body>${escapeXml(body)}</body></message>`,
    );
  }

  presence({ to, type, show, status }: PresenceOptions = {}): void {
    const attributes = [to && ` to='${escapeXml(to)}'`, type && ` type='${type}'`];
    const children = [show && `<show>${show}</show>`, status && `<status>${escapeXml(status)}</status>`];
    this.send(`<presence${attributes.filter(Boolean).join("")}>${children.filter(Boolean).join("")}</presence>`);
  }

  /** Sends a query and gives back its answer, `result` or `error`. */
  async iq({ to, type, payload }: { to?: string; type: "get" | "set"; payload: string }): Promise<Element> {
    const id = this.newId();
    this.send(`<iq${to === undefined ? "" : ` to='${escapeXml(to)}'`} type='${type}' id='${id}'>${payload}</iq>`);
    const answers = new Set(["result", "error"]);
    return this.waitFor(
      `the answer to query ${id}`,
      ({ name, attributes }) => name === "iq" && attributes.id === id && answers.has(attributes.type ?? ""),
    );
  }

  /** Adds someone to the contacts, without asking for a subscription. */
  async addContact(jid: string): Promise<void> {
    const payload = `<query xmlns='jabber:iq:roster'><item jid='${escapeXml(jid)}'/></query>`;
    await this.iq({ type: "set", payload });
  }

  /** The contacts as the server has them now, with their subscription state: `{ "romeo@b.example": "both" }`. */
  async contacts(): Promise<Record<string, string>> {
    const answer = await this.iq({ type: "get", payload: "<query xmlns='jabber:iq:roster'/>" });
    const items = child(answer, "query")?.children ?? [];
    return Object.fromEntries(items.map(({ attributes }) => [attributes.jid, attributes.subscription ?? "none"]));
  }

  /** Asks for someone's presence. */
  subscribe(to: string): void {
    this.presence({ to, type: "subscribe" });
  }

  /** Lets someone see this user's presence, after their request. */
  accept(to: string): void {
    this.presence({ to, type: "subscribed" });
  }

  /** Waits for someone's message of that text (or any) and gives it back. */
  waitForMessage(from: string, body?: string, timeout?: number): Promise<Element> {
    return this.waitFor(
      `a message from ${from}${body === undefined ? "" : ` with "${body}"`}`,
      (stanza) =>
        stanza.name === "message" &&
        isFrom(stanza, from) &&
        stanza.attributes.type !== "error" &&
        (body === undefined ? child(stanza, "body") !== undefined : child(stanza, "body")?.text === body),
      timeout,
    );
  }

  /** Waits for presence of that type from someone and gives it back. `undefined`: available. */
  waitForPresence(from: string, type?: string, timeout?: number): Promise<Element> {
    return this.waitFor(
      `${type ?? "available"} presence from ${from}`,
      (stanza) => stanza.name === "presence" && isFrom(stanza, from) && stanza.attributes.type === type,
      timeout,
    );
  }

  /** Waits for a stanza of type `error`, the answer to the one sent with that id. */
  waitForError(id: string, timeout?: number): Promise<Element> {
    return this.waitFor(
      `an error for ${id}`,
      ({ attributes }) => attributes.type === "error" && attributes.id === id,
      timeout,
    );
  }

  /**
   * Gives back the first stanza that matches and that no wait has taken before: of those received already, else the
   * next to come within the time (milliseconds).
   */
  waitFor(wanted: string, matches: (stanza: Element) => boolean, timeout = PATIENCE): Promise<Element> {
    const index = this.unclaimed.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.unclaimed.splice(index, 1)[0] as Element);
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
      };
      const fail = (code: "client-closed" | "client-timeout", found: string) => {
        settle();
        reject(new PeerRigError(code, `${this.jid}: ${found}; expected ${wanted}. Received last:\n${this.tail()}`));
      };
      const timer = setTimeout(() => fail("client-timeout", `nothing within ${timeout} ms`), timeout);
      const waiter: Waiter = {
        matches,
        resolve: (stanza) => {
          settle();
          resolve(stanza);
        },
        reject: (error) => fail("client-closed", error.message),
      };
      this.waiters.add(waiter);
      if (this.closed !== undefined) waiter.reject(new Error(this.closed));
    });
  }

  /** Logs out and closes. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.end("<presence type='unavailable'/></stream:stream>");
    const timer = setTimeout(() => this.socket.destroy(), 1000);
    // Not events.once: a server that resets the connection has ended it too.
    await new Promise((resolve) => this.socket.once("close", resolve));
    clearTimeout(timer);
  }

  private async openStream(domain: string): Promise<void> {
    this.reader = this.newReader();
    const namespaces = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
    this.send(`<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' ${namespaces}>`);
    await this.waitFor("stream features", ({ name }) => name === "features");
  }

  private newReader(): StanzaReader {
    return new StanzaReader(
      (element) => this.take(element),
      (error) => this.end(error?.message ?? "stream closed"),
    );
  }

  private take(stanza: Element): void {
    this.received.push(stanza);
    for (const waiter of this.waiters) {
      if (!waiter.matches(stanza)) continue;
      waiter.resolve(stanza);
      return;
    }
    this.unclaimed.push(stanza);
  }

  private end(how: string): void {
    this.closed ??= how;
    for (const waiter of [...this.waiters]) waiter.reject(new Error(this.closed));
    if (!this.socket.writableEnded) this.socket.end();
  }

  private newId(): string {
    return `${this.jid.split("@")[0]}-${this.nextId++}`;
  }

  private tail(): string {
    return this.received
      .slice(-5)
      .map((stanza) => JSON.stringify(stanza))
      .join("\n");
  }
}

/** By full address, or by bare address whatever the resource. */
function isFrom(stanza: Element, jid: string): boolean {
  const from = stanza.attributes.from ?? "";
  return from === jid || from.startsWith(`${jid}/`);
}
