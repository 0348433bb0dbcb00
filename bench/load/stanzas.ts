/**
 * Cuts the text of a stream into stanzas by plain search. Safe here alone: the load has chosen every text that comes
 * back to it, and none holds a `<` or `>` inside an attribute or a stanza within a stanza of the same name.
 */
export class StanzaCutter {
  private rest = "";

  /** Calls `take` with each stanza that is whole; keeps what is not. */
  feed(text: string, take: (stanza: string) => void): void {
    const all = this.rest === "" ? text : this.rest + text;
    let at = 0;
    for (;;) {
      const open = all.indexOf("<", at);
      const close = open < 0 ? -1 : all.indexOf(">", open);
      if (close < 0) break;
      const end = all.charCodeAt(close - 1) === SLASH ? close + 1 : endOf(all, open, close);
      if (end < 0) break;
      take(all.slice(open, end));
      at = end;
    }
    this.rest = all.slice(at);
  }
}

const SLASH = 47;

function endOf(text: string, open: number, close: number): number {
  if (text.charCodeAt(open + 1) === SLASH) return close + 1; // </stream:stream>
  const space = text.indexOf(" ", open);
  const name = text.slice(open + 1, space < 0 || space > close ? close : space);
  const at = text.indexOf(`</${name}>`, close);
  return at < 0 ? -1 : at + name.length + 3;
}

/** An attribute of a stanza's opening tag, whichever quotes it has; undefined where there is none. */
export function attribute(stanza: string, name: string): string | undefined {
  const at = stanza.indexOf(` ${name}=`);
  if (at < 0) return undefined;
  const from = at + name.length + 3;
  return stanza.slice(from, stanza.indexOf(stanza.charAt(from - 1), from));
}

/** What the load asks for, and how the right answer looks. */
export interface Request {
  readonly before: string;
  readonly after: string;
  isAnswer(stanza: string): boolean;
}

/**
 * - `ping`: to the domain, which answers;
 * - `message`: to nobody, which comes back as an error;
 * - `delivery`: a message to a user, whose arrival is the answer.
 */
export type RequestKind = "ping" | "message" | "delivery";

/** The user who is sent to. */
export const ONLINE_USER = "alice";

/** A request goes out as `before + id + after`. */
export function request(kind: RequestKind, partner: string, server: string): Request {
  if (kind === "ping")
    return {
      before: "<iq type='get' id='",
      after: `' from='${partner}' to='${server}'><ping xmlns='urn:xmpp:ping'/></iq>`,
      isAnswer: (stanza) =>
        stanza.startsWith("<iq ") &&
        attribute(stanza, "type") === "result" &&
        attribute(stanza, "from") === server &&
        attribute(stanza, "to") === partner,
    };
  const sender = `load@${partner}/bench`;
  const recipient = `${kind === "delivery" ? ONLINE_USER : "nobody"}@${server}`;
  const body = `<body>${"A hundred bytes of body. ".repeat(4)}</body>`;
  const text = {
    before: "<message type='chat' id='",
    after: `' from='${sender}' to='${recipient}'>${body}</message>`,
  };
  if (kind === "delivery")
    return {
      ...text,
      isAnswer: (stanza) =>
        stanza.startsWith("<message ") &&
        attribute(stanza, "type") === "chat" &&
        attribute(stanza, "from") === sender &&
        attribute(stanza, "to")?.split("/")[0] === recipient &&
        stanza.includes(body),
    };
  return {
    ...text,
    isAnswer: (stanza) =>
      stanza.startsWith("<message ") &&
      attribute(stanza, "type") === "error" &&
      attribute(stanza, "from") === recipient &&
      attribute(stanza, "to") === sender &&
      stanza.includes("<service-unavailable "),
  };
}

/** The answer to a ping of the server's own (XEP-0199), undefined for any other stanza. */
export function answerToPing(stanza: string): string | undefined {
  if (!stanza.startsWith("<iq ") || attribute(stanza, "type") !== "get" || !stanza.includes("urn:xmpp:ping"))
    return undefined;
  const [id, from, to] = ["id", "from", "to"].map((name) => attribute(stanza, name));
  return `<iq type='result' id='${id}' from='${to}' to='${from}'/>`;
}
