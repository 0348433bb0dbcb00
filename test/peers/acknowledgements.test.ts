/**
 * What becomes of every message when networks and processes break, with a partner that acknowledges (XEP-0198:
 * Prosody, which does not resume) and with one that does not.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { CutRelay } from "./rig/cut-relay";
import { alice, Federation } from "./rig/federation";
import { bodiesAt, inboxOf, type Outcome, outcomeOf, returnedTo, tell } from "./rig/numbered-traffic";
import { freePort } from "./rig/ports";
import { PeerRig } from "./rig/rig";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const MANAGED = "managed.example";
const PLAIN = "plain.example";
const CUTS = 4;
const BETWEEN_CUTS = 150;

interface Partner {
  readonly domain: string;
  readonly juliet: XmppClient;
  readonly relay: CutRelay;
}

let federation: Federation;
let managed: Partner;
let plain: Partner;

beforeAll(async () => {
  const rig = await PeerRig.open();
  const relays = new Map<string, CutRelay>();
  for (const domain of [MANAGED, PLAIN]) {
    const address = rig.network.address();
    const relay = await CutRelay.listen({ address, port: await freePort(address, 5269) });
    relays.set(
      domain,
      rig.own(relay, () => relay.close()),
    );
  }
  federation = await Federation.open(
    { partners: [MANAGED, PLAIN].map((domain) => ({ domain, partnerType: "Federated" as const })) },
    [MANAGED, PLAIN].map((domain) => ({
      domain,
      mode: "external" as const,
      modules: domain === MANAGED ? ["smacks"] : [],
      records: ({ address, s2sPort }) => {
        const relay = relays.get(domain)!;
        relay.upstream = { address, port: s2sPort };
        const target = `xmpp.${domain}.`;
        return [
          `_xmpp-server._tcp.${domain}. SRV 0 5 ${relay.place.port} ${target}`,
          `${target} A ${relay.place.address}`,
        ];
      },
    })),
    rig,
  );
  const open = async (domain: string): Promise<Partner> => {
    const juliet = await federation.login(`juliet@${domain}`);
    await federation.gateway.user(alice).message(juliet.jid, `to ${domain}`, `first-${domain}`);
    await juliet.waitForMessage(alice, `to ${domain}`);
    juliet.message(alice, `from ${domain}`, { id: `first-from-${domain}` });
    await federation.gateway.user(alice).waitForMessage(juliet.jid, `from ${domain}`);
    return { domain, juliet, relay: relays.get(domain)! };
  };
  [managed, plain] = await Promise.all([open(MANAGED), open(PLAIN)]);
});
afterAll(() => federation?.close());

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
    report("network cut 4 times", partner, outcome);
    expect(outcome).toMatchObject({ silent: [], twice: [] });
    expect(outcome.delivered + outcome.returned - outcome.both.length).toBe(outcome.sent);
  }
  // Who is told that a message did not arrive, and it did, was told that it may have.
  const { returns } = await inboxOf(ours);
  const both = new Set(outcomes.flatMap((outcome) => outcome.both));
  for (const { id, text } of returns) if (both.has(id)) expect(text).toContain("may have arrived");
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
  }
});
