/** Who stops seeing our users when partners are trusted less, or a user may federate no more: counted where they look. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { Federation, ourDomain } from "./rig/federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { child } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

type PartnerType = NonNullable<EdgeInput["partners"]>[number]["partnerType"];

const OURS = ["anna", "ben", "clara", "dora", "emil"] as const;
const THEIRS = ["ada", "boris", "cleo", "dmitri", "eve"] as const;
const FRIEND = "friend.example";
const PARTNER = "partner.example";
const PUBLIC = "public.example";
const STRANGER = "stranger.example";
const TYPES: Readonly<Record<string, PartnerType>> = {
  [FRIEND]: "Federated",
  [PARTNER]: "Federated",
  [PUBLIC]: "PublicVerified",
  [STRANGER]: "PublicUnverified",
};
const DOMAINS = Object.keys(TYPES);

/** A subscription: whose presence, and who sees it. */
interface Seen {
  readonly ours: string;
  readonly theirs: string;
}
const keyOf = ({ ours, theirs }: Seen) => `${theirs} sees ${ours}`;
const keysOf = (all: readonly Seen[]) => all.map(keyOf).sort();
const subscriptions: readonly Seen[] = DOMAINS.flatMap((domain) =>
  THEIRS.flatMap((name) => OURS.map((ours) => ({ ours: `${ours}@${ourDomain}`, theirs: `${name}@${domain}` }))),
);
const from = (domain: string) => (one: Seen) => one.theirs.endsWith(`@${domain}`);
const of = (name: string) => (one: Seen) => one.ours === `${name}@${ourDomain}`;
/** Whom our users have as contacts: all of the unverified partner's, and these two of the friend's. */
const contacts = subscriptions.filter(
  (one) =>
    from(STRANGER)(one) ||
    ["ada", "boris"].some((name, index) => one.theirs === `${name}@${FRIEND}` && of(OURS[index]!)(one)),
);

let federation: Federation;
const clients = new Map<string, XmppClient>();
let revision = 0;
let marks = 0;

const user = (address: string): SandboxUser => federation.gateway.user(address);
const partners = (types: Readonly<Record<string, PartnerType>> = {}) =>
  Object.entries({ ...TYPES, ...types }).map(([domain, partnerType]) => ({ domain, partnerType: partnerType! }));

beforeAll(async () => {
  const [domain, ...additionalDomains] = DOMAINS as [string, ...string[]];
  federation = await Federation.open(
    { partners: partners(), internal: { kind: "sandbox", users: OURS.map((name) => `${name}@${ourDomain}`) } },
    [{ domain, additionalDomains, mode: "external", accounts: THEIRS }],
  );
  for (const name of OURS)
    await user(`${name}@${ourDomain}`).presence({ available: true, show: "dnd", status: `note of ${name}` });
  await Promise.all(
    [...new Set(subscriptions.map(({ theirs }) => theirs))].map(async (jid) =>
      clients.set(jid, await federation.login(jid)),
    ),
  );
  for (const { ours, theirs } of contacts) {
    await user(ours).addContact(theirs);
    await clients.get(theirs)!.waitForPresence(ours, "subscribe");
    clients.get(theirs)!.accept(ours);
    await user(ours).waitForSubscription(theirs, "subscribed");
  }
  for (const { ours, theirs } of subscriptions) clients.get(theirs)!.subscribe(ours);
  for (const { ours, theirs } of subscriptions) {
    await clients.get(theirs)!.waitForPresence(ours, "subscribed");
    await clients.get(theirs)!.waitForPresence(ours);
  }
  await settled();
});
afterAll(() => federation?.close());

/** What clients saw of our users' presence since those moments, one line a stanza. */
function seenSince(start: ReadonlyMap<string, number>) {
  const lines = {
    unavailable: [] as string[],
    unsubscribed: [] as string[],
    again: [] as string[],
    other: [] as string[],
  };
  for (const [theirs, client] of clients)
    for (const stanza of client.received.slice(start.get(theirs))) {
      if (stanza.name !== "presence") continue;
      const [bare = ""] = (stanza.attributes.from ?? "").split("/");
      const { type } = stanza.attributes;
      const key = keyOf({ ours: bare, theirs });
      if (type === "unavailable" || type === "unsubscribed") lines[type].push(key);
      else if (type === undefined && child(stanza, "status") === undefined) lines.again.push(key);
      else lines.other.push(`${key}: ${type ?? "with a note"}`);
    }
  for (const list of Object.values(lines)) list.sort();
  return lines;
}

/** A message to each over the same streams: what came before it is all that comes. */
async function settled(): Promise<void> {
  const text = `mark ${marks++}`;
  for (const client of clients.values()) await user(`emil@${ourDomain}`).message(client.jid, text);
  for (const client of clients.values()) await client.waitForMessage(`emil@${ourDomain}`, text);
}

/** Runs a changed definition, waits until the gateway has judged it, and gives what every client saw of it. */
async function change(more: Partial<EdgeInput>, judged: object | undefined) {
  revision++;
  const start = new Map([...clients].map(([jid, { received }]) => [jid, received.length]));
  const position = federation.gateway.process.log.length;
  await federation.gateway.replaceDefinition(JSON.stringify({ ...federation.definition, revision, ...more }));
  await federation.gateway.waitForEvent("document-applied", { revision }, { from: position });
  if (judged !== undefined) {
    const event = await federation.gateway.waitForEvent("entitlements-reviewed", {}, { from: position });
    expect(event).toMatchObject(judged);
  }
  await settled();
  if (judged === undefined) expect(federation.gateway.process.log.slice(position).join("\n")).not.toContain("reviewed");
  return seenSince(start);
}

const standing = () =>
  Promise.all(
    [...clients].map(async ([theirs, client]) => {
      const list = await client.contacts();
      return Object.entries(list).flatMap(([ours, state]) =>
        state === "to" || state === "both" ? [keyOf({ ours, theirs })] : [],
      );
    }),
  ).then((all) => all.flat().sort());

let left: readonly Seen[] = subscriptions;

test("a hundred subscriptions stand", async () => {
  expect(subscriptions).toHaveLength(100);
  expect(await standing()).toEqual(keysOf(subscriptions));
});

test("two partners are trusted less: who may see our users no more is told so, once, and who may goes on without the note", async () => {
  const ended = subscriptions.filter((one) => from(FRIEND)(one) && !contacts.includes(one));
  const again = subscriptions.filter((one) => from(PARTNER)(one) || (from(FRIEND)(one) && contacts.includes(one)));
  const seen = await change(
    { partners: partners({ [FRIEND]: "PublicUnverified", [PARTNER]: "PublicVerified" }) },
    { ended: ended.length, presenceAgain: again.length },
  );
  expect(seen).toEqual({ unavailable: keysOf(ended), unsubscribed: keysOf(ended), again: keysOf(again), other: [] });
  left = left.filter((one) => !ended.includes(one));
  expect(await standing()).toEqual(keysOf(left));
  process.stderr.write(
    `100 subscriptions, two partners trusted less: ${ended.length} told unavailable, ${again.length} shown without the ` +
      `note, ${100 - ended.length - again.length} untouched\n`,
  );
});

test("a user may federate no more: all who saw that user are told so, and nobody else", async () => {
  const ended = left.filter(of("dora"));
  const seen = await change(
    {
      partners: partners({ [FRIEND]: "PublicUnverified", [PARTNER]: "PublicVerified" }),
      accessPolicies: {
        global: { enableFederationAccess: true, enableXmppAccess: true },
        named: { inside: { enableFederationAccess: true } },
      },
      users: [{ address: `dora@${ourDomain}`, policy: "inside" }],
    },
    { ended: ended.length, presenceAgain: 0 },
  );
  expect(seen).toEqual({ unavailable: keysOf(ended), unsubscribed: keysOf(ended), again: [], other: [] });
  left = left.filter((one) => !ended.includes(one));
  expect(await standing()).toEqual(keysOf(left));
  process.stderr.write(`a user's right taken: ${ended.length} told unavailable, ${left.length} untouched\n`);
});

test("everything is given back: nobody is told anything, and what has ended has to be asked for anew", async () => {
  expect(await change({ partners: partners() }, undefined)).toEqual({
    unavailable: [],
    unsubscribed: [],
    again: [],
    other: [],
  });
  expect(await standing()).toEqual(keysOf(left));
  const cleo = clients.get(`cleo@${FRIEND}`)!;
  cleo.subscribe(`dora@${ourDomain}`);
  await cleo.waitForPresence(`dora@${ourDomain}`, "subscribed");
  await cleo.waitFor(
    "presence with the note",
    (stanza) => stanza.name === "presence" && child(stanza, "status")?.text === "note of dora",
  );
});
