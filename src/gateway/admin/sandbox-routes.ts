import { MAXIMUM_PAGE } from "../internal/inbox";
import type { ChatState, SendOutcome, SendRefusal } from "../internal/internal-side";
import type { SandboxUsers } from "../internal/sandbox";
import { type Answer, RefusedRequest } from "./answer";
import { Fields } from "./fields";
import { MAXIMUM_BODY, readJson } from "./request-body";
import type { RequestContext, Route } from "./route";

const TYPES = ["chat", "normal", "headline"] as const;
const SHOWS = ["away", "chat", "dnd", "xa"] as const;
const CHAT_STATES: readonly ChatState[] = ["active", "composing", "paused", "inactive", "gone"];

/** Statuses of the refusals of the federation side. */
const STATUS: Readonly<Record<SendRefusal["condition"], number>> = {
  "jid-malformed": 400,
  forbidden: 403,
  "policy-violation": 403,
  "item-not-found": 404,
  "remote-server-not-found": 404,
  "not-acceptable": 403,
  "resource-constraint": 429,
};

/** The sandbox over HTTP; the caller has shown the token. What changes anything is answered once it is durable. */
export function sandboxRoutes(sandbox: SandboxUsers): ReadonlyMap<string, Route> {
  const durable = async (answer: Answer): Promise<Answer> => {
    await sandbox.committed();
    return answer;
  };

  const send = async ({ request }: RequestContext) => {
    const fields = Fields.ofJson(await readJson(request));
    const message = {
      from: fields.text("from"),
      to: fields.text("to"),
      body: fields.text("body", MAXIMUM_BODY),
      ...given("id", fields.optionalText("id")),
      ...given("type", fields.optionalOneOf("type", TYPES)),
      ...given("subject", fields.optionalText("subject")),
      ...given("thread", fields.optionalText("thread")),
    };
    fields.end();
    return durable({ status: 202, body: { id: accepted(sandbox.send(message)).id } });
  };

  const read = ({ query }: RequestContext): Answer => {
    const fields = Fields.ofQuery(query);
    const user = fields.text("user");
    const after = fields.number("after", 0, 0, Number.MAX_SAFE_INTEGER);
    const limit = fields.number("limit", 100, 1, MAXIMUM_PAGE);
    fields.end();
    return { status: 200, body: accepted(sandbox.inbox(user, after, limit)) };
  };

  const contacts = ({ query }: RequestContext): Answer => {
    const fields = Fields.ofQuery(query);
    const user = fields.text("user");
    fields.end();
    const known = accepted(sandbox.contacts(user)).map(({ remote, state, refreshedAt }) => ({
      contact: remote,
      state,
      refreshedAt: new Date(refreshedAt).toISOString(),
    }));
    return { status: 200, body: { contacts: known } };
  };

  const addContact = async ({ request }: RequestContext) => {
    const fields = Fields.ofJson(await readJson(request));
    const user = fields.text("user");
    const contact = fields.text("contact");
    fields.end();
    return durable({ status: 202, body: done(sandbox.addContact(user, contact)) });
  };

  const removeContact = ({ query }: RequestContext) => {
    const fields = Fields.ofQuery(query);
    const user = fields.text("user");
    const contact = fields.text("contact");
    fields.end();
    return durable({ status: 202, body: done(sandbox.removeContact(user, contact)) });
  };

  const presence = async ({ request }: RequestContext) => {
    const fields = Fields.ofJson(await readJson(request));
    const user = fields.text("user");
    const availability = {
      available: fields.boolean("available"),
      ...given("show", fields.optionalOneOf("show", SHOWS)),
      ...given("status", fields.optionalText("status")),
    };
    fields.end();
    accepted(sandbox.setAvailability(user, availability));
    return durable({ status: 200, body: { user, ...availability } });
  };

  const typing = async ({ request }: RequestContext) => {
    const fields = Fields.ofJson(await readJson(request));
    const from = fields.text("from");
    const to = fields.text("to");
    const state = fields.oneOf("state", CHAT_STATES);
    fields.end();
    return durable({ status: 202, body: done(sandbox.sendTyping(from, to, state)) });
  };

  return new Map<string, Route>([
    ["/sandbox/messages", { GET: read, POST: send }],
    ["/sandbox/contacts", { GET: contacts, POST: addContact, DELETE: removeContact }],
    ["/sandbox/presence", { PUT: presence }],
    ["/sandbox/typing", { POST: typing }],
  ]);
}

/** The outcome, or the refusal as an answer. */
function accepted<T extends object | undefined>(outcome: T | SendRefusal): Exclude<T, SendRefusal> {
  if (outcome !== undefined && "ok" in outcome && outcome.ok === false) {
    throw new RefusedRequest(STATUS[outcome.condition], outcome.condition, outcome.text);
  }
  return outcome as Exclude<T, SendRefusal>;
}

/** What is answered where there is no message, hence no id of one. */
function done(outcome: SendOutcome): object {
  accepted(outcome);
  return { accepted: true };
}

function given<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [name in K]: V });
}
