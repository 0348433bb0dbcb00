import { agreedMethod, METHOD_NAMES } from "../../definition";
import type { GatewayStatus } from "../../gateway/status";
import { type Edge, ExchangeError, type RunningEdge } from "./edge";

/** The first message opens streams in both directions, with TLS and DNS. */
const PATIENCE_MS = 20_000;
/** The definition's rights say which partners' users may write uninvited. */
const INVITED_ONLY = "PublicUnverified";

type Say = (step: string, result: string) => void;

/** A contact, a message, the echo and presence with a note, from one edge to the other and back. */
export async function exchange(from: RunningEdge, to: RunningEdge, say: Say, signal: AbortSignal): Promise<void> {
  const missing = async (what: string) => {
    const { lastFailures } = await from.client.status();
    const why = lastFailures[to.domain] ?? (await to.client.status()).lastFailures[from.domain];
    return new ExchangeError(
      `${what} did not arrive within ${PATIENCE_MS / 1000} s${why === undefined ? "" : `: ${why}`}`,
      "see the gateways' logs",
    );
  };
  const arrival = async (edge: RunningEdge, what: string, matches: Parameters<RunningEdge["client"]["waitFor"]>[1]) => {
    const entry = await edge.client.waitFor(edge.user, matches, PATIENCE_MS, signal);
    if (entry === undefined) throw await missing(what);
    return entry;
  };

  const note = `in a meeting with ${from.user}`;
  await to.client.setPresence(to.user, { available: true, show: "dnd", status: note });
  await from.client.addContact(from.user, to.user);
  if (!(await from.client.waitForSubscription(from.user, to.user, PATIENCE_MS, signal)))
    throw await missing(`the answer to ${from.user}'s subscription`);
  say("subscription", `${from.user} sees ${to.user}`);
  const presence = await arrival(
    from,
    `the presence of ${to.user}`,
    (entry) => entry.kind === "presence" && entry.available,
  );
  const seen = presence.kind === "presence" ? presence.status : undefined;
  const noteShown = to.partner.partnerType === "Federated";
  if ((seen === note) !== noteShown)
    throw new ExchangeError(
      `${from.user} ${seen === undefined ? "did not see" : "saw"} the status note`,
      `the partner type of ${from.domain} says otherwise`,
    );
  say(
    "presence",
    `${to.user} is busy${noteShown ? ", with the status note" : "; the note is withheld, as the partner type says"}`,
  );

  const body = `hello from ${from.user}`;
  const id = await from.client.send(from.user, to.user, body);
  await arrival(
    to,
    `the message to ${to.user}`,
    (entry) => entry.kind === "message" && entry.id === id && entry.body === body,
  );
  say("message", `${from.user} → ${to.user}`);

  // The echo is a user like any other, and has no contacts.
  const asked = await from.client.send(from.user, `echo@${to.domain}`, body);
  if (mayUseEcho(to)) {
    await arrival(
      from,
      "the echo",
      (entry) => entry.kind === "message" && entry.from.startsWith(`echo@${to.domain}`) && entry.body === body,
    );
    say("echo", `${from.user} → echo@${to.domain} → ${from.user}`);
  } else {
    await arrival(from, "the echo's refusal", (entry) => entry.kind === "error" && entry.id === asked);
    say("echo", `echo@${to.domain} has no contacts, so its partner's users are refused`);
  }
}

const mayUseEcho = (edge: Edge) => edge.partner.partnerType !== INVITED_ONLY;

/** Users of a partner that is trusted by contact only have to be contacts before they may be written to. */
export async function prepareContacts(edge: RunningEdge, other: RunningEdge): Promise<void> {
  if (edge.partner.partnerType === INVITED_ONLY) {
    await edge.client.addContact(edge.user, other.user);
    await edge.client.addContact(edge.user, `echo@${other.domain}`);
  }
}

/** What both gateways count after the exchange must be what the definitions say it is. */
export function differences(edge: Edge, other: Edge, status: GatewayStatus): string[] {
  const found: string[] = [];
  const expect = (what: string, expected: unknown, actual: unknown) => {
    if (expected !== actual)
      found.push(`${edge.definition.name}: ${what} is ${String(actual)}, expected ${String(expected)}`);
  };
  const method = agreedMethod(edge.partner, other.partner);
  const theirs = agreedMethod(other.partner, edge.partner);
  const out = status.streams.filter((stream) => stream.direction === "out" && stream.remote === other.domain);
  const into = status.streams.filter(
    (stream) => stream.direction === "in" && stream.remote === other.domain && stream.method !== undefined,
  );
  // One that the other side opened may carry ours back (XEP-0288), and the other way round.
  const both = (streams: typeof out) => streams.filter(({ bidi }) => bidi).length;
  expect("streams outward", 1, out.length === 0 ? both(into) : out.length);
  for (const stream of out) expect("the method outward", method, stream.method);
  expect("streams inward", 1, into.length === 0 ? both(out) : into.length);
  for (const stream of into) expect("the method inward", theirs, stream.method);
  // Each side sent one message to the user and one to the echo; echoes answer those whom they may hear.
  const ownEcho = mayUseEcho(edge) ? 1 : 0;
  const theirEcho = mayUseEcho(other) ? 1 : 0;
  const count = (key: string) => status.counters[key] ?? 0;
  expect("messages accepted outward", 2 + ownEcho, count('messages_total{direction="out",result="accepted"}'));
  expect(
    "messages delivered inward",
    1 + ownEcho + theirEcho,
    count('messages_total{direction="in",result="delivered"}'),
  );
  expect("messages refused inward", 1 - ownEcho, count('messages_total{direction="in",result="refused"}'));
  expect("queued", 0, status.queued);
  return found;
}

/** The method two edges agree on, in words. */
export function agreedInWords(edge: Edge, other: Edge): string {
  const method = agreedMethod(edge.partner, other.partner);
  return method === undefined ? "no common method" : METHOD_NAMES[method];
}
