/**
 * What becomes of every message when networks and processes break, with a partner that acknowledges (XEP-0198:
 * Prosody, which does not resume) and with one that does not.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice } from "./rig/federation";
import { bodiesAt, inboxOf, type Outcome, outcomeOf, returnedTo, tell } from "./rig/numbered-traffic";
import { type RelayedPartner as Partner, RelayedFederation } from "./rig/relayed-federation";
import { until } from "./rig/until";

const MANAGED = "managed.example";
const PLAIN = "plain.example";
const CUTS = 12;
const BETWEEN_CUTS = 50;

let relayed: RelayedFederation;
let federation: RelayedFederation["federation"];
let managed: Partner;
let plain: Partner;

beforeAll(async () => {
  relayed = await RelayedFederation.open([
    { domain: MANAGED, modules: ["smacks"] },
    { domain: PLAIN, modules: [] },
  ]);
  federation = relayed.federation;
  [managed, plain] = (await Promise.all([relayed.meet(MANAGED), relayed.meet(PLAIN)])) as [Partner, Partner];
});
afterAll(() => relayed?.close());

const idsOf = ({ domain }: Partner, kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${kind}-${domain}-${index}`);
const report = (what: string, { domain }: Partner, outcome: Outcome) =>
  process.stderr.write(`${what}, ${domain}: ${tell(outcome)}\n`);

test("Prosody acknowledges what we send, and learns what we took over", async () => {
  const { process } = federation.prosody(MANAGED);
  await process.waitForLog(/Received\[s2sin\]: <enable .*urn:xmpp:sm:3/);
  await process.waitForLog(/Sending\[s2sin\]: <a .*h='\d+'/);
  await process.waitForLog(/Received\[s2sout\]: <enabled .*urn:xmpp:sm:3/);
  managed.juliet.message(alice, "counted"); // what opened its stream was sent before it counted
  await process.waitForLog(/Received\[s2sout\]: <a .*h='\d+'/);
  // No ping is needed for a barrier where stanzas are acknowledged.
  expect(process.log.filter((line) => /Received\[s2sin\]: <iq /.test(line))).toEqual([]);
  await federation.prosody(PLAIN).process.waitForLog(/Received\[s2sin\]: <iq /);
});

test("a network that breaks again and again under traffic", async () => {
  const ours = federation.gateway.user(alice);
  const flap = async (partner: Partner): Promise<Outcome> => {
    const { juliet, relay, domain } = partner;
    const numbered = idsOf(partner, "flap", CUTS * BETWEEN_CUTS);
    const sent: string[] = []; // what the gateway said it has: while a partner cannot be reached it may refuse some
    for (let cut = 0; cut < CUTS; cut++) {
      const part = numbered.slice(cut * BETWEEN_CUTS, (cut + 1) * BETWEEN_CUTS);
      const offered = ours.burst(juliet.jid, part);
      const [first = ""] = part;
      const offering = { over: false };
      const over = offered.finally(() => {
        offering.over = true;
      });
      // In the midst of the traffic, or after it where all of it was refused or came back.
      await until(`${first} delivered`, () => bodiesAt(juliet).includes(first) || offering.over || undefined);
      relay.cut();
      await over;
      sent.push(...(await offered));
    }
    const look = async () => outcomeOf(sent, bodiesAt(juliet), (await inboxOf(ours)).returned);
    await until(
      `every message to ${domain} delivered or returned`,
      async () => (await look()).silent.length === 0 || undefined,
    );
    // One more goes round: whatever would come twice has come by then.
    await ours.message(juliet.jid, `last to ${domain}`);
    await juliet.waitForMessage(alice, `last to ${domain}`);
    return look();
  };
  const outcomes = await Promise.all([flap(managed), flap(plain)]);
  for (const [index, partner] of [managed, plain].entries()) {
    const outcome = outcomes[index]!;
    report(`network cut ${CUTS} times`, partner, outcome);
    expect(outcome).toMatchObject({ silent: [], twice: [] });
    expect(outcome.delivered + outcome.returned - outcome.both.length).toBe(outcome.sent);
  }
  // Who is told that a message did not arrive, and it did, was told that it may have: no more than the gateway says.
  for (const [index, { domain }] of [managed, plain].entries()) {
    const uncertain = await relayed.uncertainAt(alice, `-${domain}-`);
    const { both } = outcomes[index]!;
    expect([...uncertain]).toEqual(expect.arrayContaining([...both]));
    const told = relayed.uncertainStanzas(domain);
    process.stderr.write(`${domain}: ${told} stanzas unproved at the cuts, ${both.length} of them had arrived\n`);
    expect(uncertain.size).toBeLessThanOrEqual(told);
    expect(both.length).toBeLessThanOrEqual(told);
  }
});

test("our gateway killed under traffic in both directions", async () => {
  const { gateway } = federation;
  const partners = [managed, plain];
  const inward = partners.map((partner) => idsOf(partner, "in", 600));
  const from = gateway.process.log.length;
  const offered = partners.map((partner) => gateway.user(alice).burst(partner.juliet.jid, idsOf(partner, "out", 600)));
  for (const [index, { juliet }] of partners.entries())
    for (const id of inward[index]!) juliet.message(alice, id, { id });
  for (const direction of ["in", "out"]) await gateway.waitForEvents("message-accepted", { direction }, 200, { from });
  await gateway.kill();
  const outward = await Promise.all(offered);
  await gateway.startAgain();
  const ours = gateway.user(alice);

  const outcomes = async () => {
    const inbox = await inboxOf(ours);
    return partners.map(({ juliet }, index) => ({
      out: outcomeOf(outward[index]!, bodiesAt(juliet), inbox.returned),
      in: outcomeOf(inward[index]!, inbox.arrived, returnedTo(juliet)),
    }));
  };
  await until("every message that can be accounted for is", async () => {
    const [withAcks, without] = await outcomes();
    const silent = [...withAcks!.out.silent, ...withAcks!.in.silent, ...without!.out.silent];
    return silent.length === 0 || undefined;
  });
  for (const { juliet, domain } of partners) {
    await ours.message(juliet.jid, `after the kill, ${domain}`);
    await juliet.waitForMessage(alice, `after the kill, ${domain}`);
  }
  for (const [index, { in: inwards, out }] of (await outcomes()).entries()) {
    report("gateway killed, outward", partners[index]!, out);
    report("gateway killed, inward", partners[index]!, inwards);
    expect(out).toMatchObject({ silent: [], twice: [] });
    expect(inwards.twice).toEqual([]);
    // Who acknowledges nothing loses what was read by the process that was killed, and cannot know of it.
    if (partners[index] === managed) expect(inwards.silent).toEqual([]);
  }
});
