import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ContainerSite } from "./rig/container-site";
import { alice, ourDomain } from "./rig/federation";
import { bodiesAt, flow, inboxOf, outcomeOf, returnedTo, type Sent, tell } from "./rig/numbered-traffic";
import type { SandboxUser } from "./rig/sandbox-user";
import { child } from "./rig/stanza";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
const late = "late.example";
const juliet = `juliet@${partner}`;
const echo = `echo@${ourDomain}`;
const COUNT = 1_000;
/** At least so many are sent when the next container serves, however long it took. */
const AFTERWARDS = 100;
/** Milliseconds that a stopping gateway waits for a partner's last answer. */
const LAST_BARRIER = 5_000;
type Kind = "inward" | "echoed" | "outward" | "waiting";
const WAITING = Array.from({ length: 50 }, (_, index) => `waiting-${index}`);

let site: ContainerSite;
let client: XmppClient;
let ours: SandboxUser;

beforeEach(async () => {
  const partners = [partner, late].map((domain) => ({ domain, partnerType: "Federated" as const }));
  site = await ContainerSite.open(partners, [partner]);
  await site.gateway.start(site.releases[0].reference);
  client = await site.login(juliet);
  ours = site.gateway.user(alice);
  await ours.addContact(juliet);
  await client.waitForPresence(alice, "subscribe");
  client.accept(alice);
  await ours.waitForSubscription(juliet, "subscribed");
  client.subscribe(alice);
  await client.waitForPresence(alice, "subscribed");
  // The server of the other partner is not there yet: these wait in the queue, on the volume.
  expect(await ours.burst(`juliet@${late}`, WAITING)).toEqual(expect.arrayContaining(WAITING));
});
afterEach(() => site?.close());

/** Sends, and at half of it takes the container away and puts one of the other release in its place. */
async function replaceAmidst(end: () => Promise<string>): Promise<{ sent: Sent; gap: number }> {
  const { gateway, releases } = site;
  expect(await gateway.imageDigest()).toBe(releases[0].digest);
  let replacing: Promise<number> | undefined;
  const replace = async () => {
    const since = performance.now();
    const how = await end();
    const ready = await gateway.start(releases[1].reference);
    const gap = performance.now() - since;
    // Now, and not when the traffic is over: what waits is returned 60 s after it was sent.
    await letTheLatePartnerIn();
    process.stderr.write(`replaced: ${how}, the next one ready ${ready.toFixed(0)} ms after podman run\n`);
    return gap;
  };
  let latest = 0;
  let replacedAt = Number.POSITIVE_INFINITY;
  const sent = await flow({
    ...{ pace: 10, client, user: ours, echo },
    more: (number) => {
      latest = number;
      if (number === COUNT / 2)
        replacing = replace().finally(() => {
          replacedAt = latest;
        });
      return number < COUNT || number < replacedAt + AFTERWARDS;
    },
  });
  const gap = await replacing!;
  expect(await gateway.imageDigest()).toBe(releases[1].digest);
  expect(releases[1].digest).not.toBe(releases[0].digest);
  expect((await gateway.execute("--version")).trim()).toBe(releases[1].version);
  return { sent, gap };
}

/**
 * Waits until nothing is under way any more, and counts.
 * @param accounted of these kinds each message must have arrived or come back before it is so
 */
async function settled({ inward, echoed, outward }: Sent, accounted: readonly Kind[]) {
  const counts = async () => {
    const { arrived, returned } = await inboxOf(ours);
    const [bodies, bounced] = [bodiesAt(client), returnedTo(client)];
    return {
      inward: outcomeOf(inward, arrived, bounced),
      echoed: outcomeOf(echoed, bodies, bounced),
      outward: outcomeOf(outward, bodies, returned),
      waiting: outcomeOf(WAITING, waitingArrived(), returned),
      unasked: { bodies, arrived },
    };
  };
  let before = "";
  let seen: Awaited<ReturnType<typeof counts>> | undefined;
  return until(
    () => `traffic that has come to rest; silent: ${accounted.map((kind) => `${kind} ${seen?.[kind].silent}`)}`,
    async () => {
      const now = await counts();
      seen = now;
      const text = JSON.stringify(now);
      const resting = text === before && accounted.every((kind) => now[kind].silent.length === 0);
      before = text;
      return resting ? now : undefined;
    },
    { interval: 2_000 },
  );
}

let latecomer: XmppClient | undefined;
const waitingArrived = () => (latecomer === undefined ? [] : bodiesAt(latecomer));

/** The server that some of ours wait for is there at last. */
async function letTheLatePartnerIn(): Promise<void> {
  await site.startProsody(late);
  latecomer = await site.login(`juliet@${late}`);
}

/** Contacts and subscriptions are those from before, each way, and presence still passes by them. */
async function expectContactsKept(): Promise<void> {
  await expect(ours.contacts()).resolves.toEqual({ [juliet]: "subscribed" });
  await expect(client.contacts()).resolves.toEqual({ [alice]: "both" });
  await ours.presence({ available: true, show: "away", status: "on the new release" });
  await client.waitFor("our presence", (stanza) => child(stanza, "status")?.text === "on the new release");
  client.presence({ show: "xa", status: "still here" });
  await ours.waitForPresence(juliet, ({ status }) => status === "still here");
}

describe("a container that is replaced by one of another release, while messages flow", () => {
  test("stopped as its unit does: each message is delivered once or answered", async () => {
    let accepted: string[] = [];
    let drained = Number.POSITIVE_INFINITY;
    const { sent, gap } = await replaceAmidst(async () => {
      const { how, ms } = await site.gateway.stop();
      drained = ms;
      accepted = acceptedIn();
      expect(how).toBe("exit code 143");
      expect(site.gateway.process.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
      return `stopped in ${ms.toFixed(0)} ms`;
    });
    const counts = await settled(sent, ["inward", "echoed", "outward", "waiting"]);
    process.stderr.write(
      `stopped and replaced, away for ${gap.toFixed(0)} ms. To a user: ${tell(counts.inward)}. To echo and back: ${tell(counts.echoed)}. ` +
        `From a user: ${tell(counts.outward)}. Queued for a partner that was away: ${tell(counts.waiting)}\n`,
    );
    for (const kind of ["inward", "echoed", "waiting"] as const)
      expect(counts[kind]).toMatchObject({ silent: [], twice: [], both: [] });
    expect(counts.outward).toMatchObject({ silent: [], twice: [] });
    // A partner has five seconds to answer for what was written to it.
    if (drained < LAST_BARRIER) expect(counts.outward.both).toEqual([]);
    await expectDoubtTold(counts.outward.both);
    // The gap was seen, and both releases took messages over.
    expect(counts.inward.returned).toBeGreaterThan(0);
    expect(accepted.length).toBeGreaterThan(0);
    expect(acceptedIn().length).toBeGreaterThan(0);
    // Nothing that was queued and not written is given back for a replacement.
    expect(counts.waiting.delivered).toBe(WAITING.length);
    expectNoCopies(counts.unasked);
    await expectContactsKept();
  });

  test("killed: what was accepted is delivered once, and ours once or answered", async () => {
    let accepted: string[] = [];
    const { sent, gap } = await replaceAmidst(async () => {
      await site.gateway.kill();
      accepted = acceptedIn();
      return "killed";
    });
    const counts = await settled(sent, ["outward", "waiting"]);
    process.stderr.write(
      `killed and replaced, away for ${gap.toFixed(0)} ms. To a user: ${tell(counts.inward)}. To echo and back: ${tell(counts.echoed)}. ` +
        `From a user: ${tell(counts.outward)}. Queued for a partner that was away: ${tell(counts.waiting)}\n`,
    );
    // Without XEP-0198 nobody can know of what the partner wrote and we never accepted; all else is accounted for.
    expect(counts.inward).toMatchObject({ twice: [], both: [] });
    expect(counts.inward.silent.filter((id) => accepted.includes(id))).toEqual([]);
    expect(counts.echoed).toMatchObject({ twice: [], both: [] });
    expect(counts.outward).toMatchObject({ silent: [], twice: [] });
    expect(counts.waiting).toMatchObject({ silent: [], twice: [], both: [] });
    await expectDoubtTold(counts.outward.both);
    expect(counts.waiting.delivered).toBe(WAITING.length);
    expectNoCopies(counts.unasked);
    await expectContactsKept();
  });
});

/** What was written and not answered is never sent again: its sender is told that it may have arrived. */
async function expectDoubtTold(ids: readonly string[]): Promise<void> {
  const { returns } = await inboxOf(ours);
  for (const id of ids) expect(returns.find((one) => one.id === id)?.text).toMatch(/may have arrived/);
}

/** The ids of theirs that the present container took over. */
const acceptedIn = () => site.gateway.events("message-accepted", { direction: "in" }).map(({ id }) => String(id));

/** Also of those whose taking over nobody was told, none is there twice. */
function expectNoCopies({ bodies, arrived }: { bodies: readonly string[]; arrived: readonly string[] }): void {
  expect(new Set(bodies).size).toBe(bodies.length);
  expect(new Set(arrived).size).toBe(arrived.length);
}
