import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { child } from "./rig/stanza";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
const juliet = `juliet@${partner}`;
const COUNT = 1_000;

let federation: Federation;
let client: XmppClient;

beforeEach(async () => {
  federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
  client = await federation.login(juliet);
  const ours = federation.gateway.user(alice);
  await ours.addContact(juliet);
  await client.waitForPresence(alice, "subscribe");
  client.accept(alice);
  await ours.waitForSubscription(juliet, "subscribed");
  client.subscribe(alice);
  await client.waitForPresence(alice, "subscribed");
});
afterEach(() => federation?.close());

const ids = (direction: "in" | "out") => Array.from({ length: COUNT }, (_, index) => `${direction}-${index}`);

/** What came of ours at the partner's user. */
const delivered = () =>
  client.received.flatMap((stanza) => (stanza.attributes.type === "chat" ? (child(stanza, "body")?.text ?? []) : []));
/** What the partner's user got back. */
const bounced = () =>
  client.received.flatMap(({ attributes }) => (attributes.type === "error" ? (attributes.id ?? []) : []));

test.each([1, 400, 900])("killed with 1,000 messages in flight each way, %d of theirs accepted", async (accepted) => {
  const { gateway } = federation;
  const { process } = federation.prosody();
  process.kill("SIGSTOP"); // it takes nothing and answers nothing, so that all are on their way at once
  const outward = await gateway.user(alice).burst(juliet, ids("out"));
  expect(outward).toHaveLength(COUNT);
  for (const id of ids("in")) client.message(alice, id, { id });
  process.kill("SIGCONT");
  await gateway.waitForEvents("message-accepted", { direction: "in" }, accepted);
  await gateway.kill();
  await expectSettled(outward);
});

test("killed while it takes messages over in both directions", async () => {
  const { gateway } = federation;
  const outward = gateway.user(alice).burst(juliet, ids("out"));
  for (const id of ids("in")) client.message(alice, id, { id });
  for (const direction of ["in", "out"]) await gateway.waitForEvents("message-accepted", { direction }, 100);
  await gateway.kill();
  await expectSettled(await outward);
});

/** Starts the killed gateway again and looks at what became of every message, and of the contacts. */
async function expectSettled(outward: readonly string[]): Promise<void> {
  const { gateway } = federation;
  const ours = gateway.user(alice);
  const inward = gateway.events("message-accepted", { direction: "in" }).map(({ id }) => id as string);
  await gateway.startAgain();

  // Ours: each is delivered or returned, and none is delivered twice.
  const returned = new Set<string>();
  await until("every message of ours is delivered or returned", async () => {
    for (const entry of await ours.inbox()) if (entry.kind === "error") returned.add(entry.id ?? "");
    const there = new Set(delivered());
    return outward.every((id) => there.has(id) || returned.has(id)) || undefined;
  });
  // As many as the state held as written and not proved, and none besides.
  const recovered = gateway.events("queue-recovered").reduce((sum, event) => sum + Number(event.returned), 0);
  expect(returned.size).toBe(recovered);
  // Theirs: what was accepted is in the inbox, once.
  const inbox = (await ours.inbox()).flatMap((entry) => (entry.kind === "message" ? (entry.id ?? "") : []));
  const missing = new Set(inward);
  for (const id of inbox) missing.delete(id);
  expect([...missing]).toEqual([]);
  expect(new Set(inbox).size).toBe(inbox.length);

  // Contacts and subscriptions outlive the process, in both directions.
  await expect(ours.contacts()).resolves.toEqual({ [juliet]: "subscribed" });
  await ours.presence({ available: true, show: "away", status: "back again" });
  await client.waitFor("our presence", (stanza) => child(stanza, "status")?.text === "back again");
  client.presence({ show: "xa", status: "still here" });
  await ours.waitForPresence(juliet, ({ status }) => status === "still here");

  // Judged last: a message that came late would be a second copy.
  const arrived = delivered();
  expect(new Set(arrived).size).toBe(arrived.length);

  // Without acknowledgements nobody can know of those that the partner wrote and we never accepted.
  const known = new Set([...inbox, ...bounced()]);
  const lost = ids("in").filter((id) => !known.has(id));
  process.stderr.write(
    `killed and restarted: outward ${outward.length} accepted, ${arrived.length} delivered, ${returned.size} returned; ` +
      `inward ${inward.length} accepted, ${inbox.length} delivered, ${bounced().length} returned by the partner, ` +
      `${lost.length} written by the partner and never accepted\n`,
  );
}
