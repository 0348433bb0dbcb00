/** What becomes of every message while partners are away, and what exactly is returned as "may have arrived". */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice } from "./rig/federation";
import { bodiesAt, inboxOf, outcomeOf, tell } from "./rig/numbered-traffic";
import { RelayedFederation, type RelayedPartner } from "./rig/relayed-federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { until } from "./rig/until";

/** Acknowledges (XEP-0198), does not resume. */
const MANAGED = "managed.example";
/** Acknowledges nothing, and answers on the stream that we open (XEP-0288): what proves arrival comes over the relay. */
const PLAIN = "plain.example";
/** Cannot be reached when the first message for it comes. */
const AWAY = "away.example";
const PROVED = 30;
const UNPROVED = 20;

let relayed: RelayedFederation;
let ours: SandboxUser;
let partners: Map<string, RelayedPartner>;

beforeAll(async () => {
  relayed = await RelayedFederation.open([
    { domain: MANAGED, modules: ["smacks"] },
    { domain: PLAIN, modules: ["s2s_bidi"] },
    { domain: AWAY, modules: ["smacks"] },
  ]);
  ours = relayed.federation.gateway.user(alice);
  const all = await Promise.all([relayed.meet(MANAGED), relayed.meet(PLAIN), relayed.apart(AWAY)]);
  partners = new Map(all.map((partner) => [partner.domain, partner]));
  await ours.burst(`juliet@${AWAY}`, idsOf("away", 10));
});
afterAll(() => relayed?.close());

const idsOf = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind}-${index}`);
const partner = (domain: string) => partners.get(domain)!;
const arrived = (domain: string, id: string) =>
  until(`${id} at ${domain}`, () => bodiesAt(partner(domain).juliet).includes(id) || undefined);
const logged = () => relayed.federation.gateway.process.log.length;

/** All that was ever written to partners is proved to have arrived. */
const allProved = () =>
  until("all that was written to be proved", async () => {
    const metric = await relayed.federation.gateway.metrics();
    const settled = metric("stanzas_delivered_total") + metric("stanzas_uncertain_total");
    return settled === metric('stanzas_total{direction="out"}') || undefined;
  });

test.each([
  [MANAGED, "their proof is lost", "mute", UNPROVED],
  [PLAIN, "their proof is lost", "mute", UNPROVED],
  [MANAGED, "they are lost", "stall", 0],
  [PLAIN, "they are lost", "stall", 0],
] as const)(
  "%s: the network breaks after messages of which %s: exactly those are returned as uncertain",
  async (domain, _what, breaks, delivered) => {
    const { juliet, relay } = partner(domain);
    const [proved, unproved] = [
      idsOf(`proved-${breaks}-${domain}`, PROVED),
      idsOf(`open-${breaks}-${domain}`, UNPROVED),
    ];
    await ours.burst(juliet.jid, proved);
    for (const id of proved) await arrived(domain, id);
    await allProved();
    const from = logged();
    const written = (await relayed.federation.gateway.metrics())('stanzas_total{direction="out"}') + UNPROVED;
    relay[breaks]();
    const sent = await ours.burst(juliet.jid, unproved);
    await until("them to be written", async () => {
      const metric = await relayed.federation.gateway.metrics();
      return metric('stanzas_total{direction="out"}') === written || undefined;
    });
    if (delivered > 0) for (const id of unproved) await arrived(domain, id);
    relay.cut();
    await relayed.federation.gateway.waitForEvent("delivery-uncertain", { remote: domain }, { from });
    for (const id of unproved) await ours.waitForError(id);
    // Another one over the next stream: whatever would come late has come by then.
    await ours.message(juliet.jid, `after-${breaks}-${domain}`);
    await arrived(domain, `after-${breaks}-${domain}`);
    const { returned } = await inboxOf(ours);
    const outcome = outcomeOf([...proved, ...sent], bodiesAt(juliet), returned);
    expect(outcome).toMatchObject({
      sent: PROVED + UNPROVED,
      delivered: PROVED + delivered,
      returned: UNPROVED,
      silent: [],
      twice: [],
    });
    expect(outcome.both).toHaveLength(delivered);
    expect([...(await relayed.uncertainAt(alice, `-${breaks}-${domain}-`))].sort()).toEqual([...unproved].sort());
    expect(relayed.uncertainStanzas(domain, from)).toBe(UNPROVED);
    process.stderr.write(`${domain}, ${breaks}: ${tell(outcome)}\n`);
  },
);

test("a partner that was away: its first stream to us tells that it is back, and what waited is delivered", async () => {
  const away = partner(AWAY);
  const waiting = idsOf("away", 10);
  const { queues } = await relayed.federation.gateway.status();
  expect(queues).toEqual([expect.objectContaining({ remote: AWAY, stanzas: waiting.length })]);
  expect(bodiesAt(away.juliet)).toEqual([]);
  relayed.join(away);
  away.juliet.message(alice, "I am back");
  await ours.waitForMessage(away.juliet.jid, "I am back");
  for (const id of waiting) await arrived(AWAY, id);
  const outcome = outcomeOf(waiting, bodiesAt(away.juliet), (await inboxOf(ours)).returned);
  expect(outcome).toEqual({ sent: 10, delivered: 10, returned: 0, silent: [], twice: [], both: [] });
});

test("a partner's server killed under traffic, and started again: none silent, none twice", async () => {
  const { gateway } = relayed.federation;
  const kill = async (domain: string) => {
    const { juliet } = partner(domain);
    const server = relayed.federation.prosody(domain).process;
    const ids = idsOf(`kill-${domain}`, 400);
    const from = logged();
    const offered = ours.burst(juliet.jid, ids);
    await arrived(domain, ids[0]!);
    server.kill("SIGKILL");
    await server.exited;
    const sent = await offered;
    const { process: again } = await relayed.federation.startProsodyAgain(domain);
    const back = await relayed.federation.login(juliet.jid);
    // What the server had read is where it belongs, though its user may never see it: the server died with it.
    const atServer = () => [...server.log, ...again.log].flatMap((line) => READ.exec(line)?.[1] ?? []);
    const look = async () => outcomeOf(sent, atServer(), [...(await relayed.returnedByGateway(alice, domain))]);
    await until(`every message to ${domain} delivered or returned`, async () =>
      (await look()).silent.length === 0 ? true : undefined,
    );
    await ours.message(juliet.jid, `after-kill-${domain}`);
    await back.waitForMessage(alice, `after-kill-${domain}`);
    const outcome = await look();
    const uncertain = await relayed.uncertainAt(alice, `kill-${domain}-`);
    process.stderr.write(`server of ${domain} killed: ${tell(outcome)}; ${uncertain.size} uncertain\n`);
    expect(outcome).toMatchObject({ sent: 400, silent: [], twice: [] });
    expect([...uncertain]).toEqual(expect.arrayContaining([...outcome.both]));
    expect(uncertain.size).toBeLessThanOrEqual(relayed.uncertainStanzas(domain, from));
  };
  await Promise.all([kill(MANAGED), kill(PLAIN)]);
  expect(gateway.process.end).toBeUndefined();
});

const READ = /Received\[s2s\w+\]: <message [^>]*\bid='(kill-[^']+)'/;
