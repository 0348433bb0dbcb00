/**
 * Networks that flap, a definition that changes and a partner that stays away, under numbered traffic in both
 * directions: what becomes of every message, by our users' inboxes, the partners' users and the gateway's own word.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type EdgeInput, facts, parseDefinition } from "../../src/definition";
import { METHODS } from "./matrix/cells";
import { alice, ourDomain } from "./rig/federation";
import { bodiesAt, inboxOf, type Outcome, outcomeOf, returnedTo, tell } from "./rig/numbered-traffic";
import { RelayedFederation, type RelayedPartner } from "./rig/relayed-federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { until } from "./rig/until";

/** Acknowledges (XEP-0198), does not resume. */
const MANAGED = "managed.example";
/** Acknowledges nothing. */
const PLAIN = "plain.example";
/** Its row is changed; it acknowledges where a certificate proves who it is. */
const CHANGED = "changed.example";
/** Cannot be reached. */
const AWAY = "away.example";

const CUTS = 12;
const BETWEEN_CUTS = 40;
const CHANGES = 4;
const BETWEEN_CHANGES = 150;
/** Messages of a round that have come through when it is broken into: the others are on their way or to come. */
const THROUGH = 10;

let relayed: RelayedFederation;
let ours: SandboxUser;
let managed: RelayedPartner;
let plain: RelayedPartner;
let changed: RelayedPartner;
let away: RelayedPartner;
let revision = 0;
/** What was sent, by domain: of ours what the gateway said it has, and what Prosody was given. */
const sent = new Map<string, { readonly out: string[]; readonly in: string[] }>();

beforeAll(async () => {
  relayed = await RelayedFederation.open([
    { domain: MANAGED, modules: ["smacks"] },
    { domain: PLAIN, modules: [] },
    { domain: CHANGED, modules: ["smacks"], mode: "any" },
    { domain: AWAY, modules: [] },
  ]);
  ours = relayed.federation.gateway.user(alice);
  away = await relayed.apart(AWAY);
  await ours.burst(away.juliet.jid, idsOf("away", 5)); // their time runs while the others are looked at
  [managed, plain, changed] = (await Promise.all([MANAGED, PLAIN, CHANGED].map((one) => relayed.meet(one)))) as [
    RelayedPartner,
    RelayedPartner,
    RelayedPartner,
  ];
});
afterAll(() => relayed?.close());

const idsOf = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind}-${index}`);
const gateway = () => relayed.federation.gateway;
const streams = (domain: string, fields = {}) =>
  gateway().events("stream-authenticated", { remote: domain, ...fields }).length;

/** One message each way has arrived: streams stand, and what was to come before has come. */
async function pass({ domain, juliet }: RelayedPartner, id: string): Promise<void> {
  juliet.message(alice, `${id}-${domain}-in`, { id: `${id}-${domain}-in` });
  await ours.message(juliet.jid, `${id}-${domain}-out`, `${id}-${domain}-out`);
  await ours.waitForMessage(juliet.fullJid, `${id}-${domain}-in`);
  await juliet.waitForMessage(alice, `${id}-${domain}-out`);
}

/** Prosody counts on the stream that it has to us: what it wrote before, it would lose unseen with the stream. */
async function counts(domain: string): Promise<void> {
  const { process } = relayed.federation.prosody(domain);
  const counting = { direction: "in", method: "sasl-over-tls" };
  const enabled = () => process.log.filter((line) => /Received\[s2sout\]: <enabled /.test(line)).length;
  await until(`${domain} to count`, () => enabled() >= streams(domain, counting) || undefined);
}

/** The result waits until a partner has let go, after this moment, of its stream to us: what it writes there is lost. */
function goneFrom({ domain }: RelayedPartner): () => Promise<unknown> {
  const { process } = relayed.federation.prosody(domain);
  const from = process.log.length;
  return () => process.waitForLog(new RegExp(`Destroying outgoing session ${domain}->${ourDomain}`), { from });
}

/** Sends a round each way; resolves once some of it has come through, with what waits for the rest to be offered. */
async function round({ domain, juliet }: RelayedPartner, kind: string, count: number): Promise<() => Promise<void>> {
  const [out, inward] = ["out", "in"].map((direction) => idsOf(`${kind}-${direction}-${domain}`, count)) as [
    string[],
    string[],
  ];
  const all = sent.get(domain) ?? { out: [], in: [] };
  sent.set(domain, all);
  const from = gateway().process.log.length;
  const offered = ours.burst(juliet.jid, out);
  for (const id of inward) juliet.message(alice, id, { id });
  all.in.push(...inward);
  await Promise.all([
    juliet.waitForMessage(alice, out[THROUGH]),
    gateway().waitForEvent("message-accepted", { direction: "in", id: inward[THROUGH] }, { from }),
  ]);
  return async () => void all.out.push(...(await offered));
}

async function outcomes({ domain, juliet }: RelayedPartner, kind: string): Promise<{ out: Outcome; in: Outcome }> {
  const { out, in: inward } = sent.get(domain)!;
  const inbox = await inboxOf(ours);
  const mine = (ids: readonly string[]) => ids.filter((id) => id.startsWith(kind));
  return {
    out: outcomeOf(mine(out), bodiesAt(juliet), inbox.returned),
    in: outcomeOf(mine(inward), inbox.arrived, returnedTo(juliet)),
  };
}

const accounted = (partner: RelayedPartner, kind: string, directions: readonly ("out" | "in")[]) =>
  until(`every message of ${kind} with ${partner.domain} delivered or returned`, async () => {
    const found = await outcomes(partner, kind);
    return directions.every((direction) => found[direction].silent.length === 0) || undefined;
  });

const report = (what: string, { domain }: RelayedPartner, { out, in: inward }: { out: Outcome; in: Outcome }) =>
  process.stderr.write(`${what}, ${domain}: outward ${tell(out)}; inward ${tell(inward)}\n`);

/** What comes back as "may have arrived" is exactly what the gateway says was not proved, whatever had arrived of it. */
async function expectWhatWasUnproved({ domain }: RelayedPartner, { both }: Outcome): Promise<void> {
  const { returns } = await inboxOf(ours);
  const lost = `the connection to ${domain} was lost before an answer: the message may have arrived`;
  const uncertain = returns.flatMap(({ id, text }) => (text === lost ? id : []));
  process.stderr.write(`${domain}: ${uncertain.length} unproved when streams ended, ${both.length} had arrived\n`);
  expect(uncertain).toEqual(expect.arrayContaining([...both]));
  expect(uncertain).toHaveLength(relayed.uncertainStanzas(domain));
}

test(`a link that breaks ${CUTS} times under traffic both ways`, async () => {
  const partners = [managed, plain];
  for (let cut = 0; cut < CUTS; cut++) {
    await Promise.all(partners.map((partner) => pass(partner, `before-cut-${cut}`)));
    await counts(MANAGED);
    const rests = await Promise.all(partners.map((partner) => round(partner, `flap-${cut}`, BETWEEN_CUTS)));
    const gone = partners.map(goneFrom);
    for (const { relay } of partners) relay.cut();
    relayed.toUs.cut();
    await Promise.all(rests.map((rest) => rest()));
    await Promise.all(gone.map((seen) => seen()));
    // Their next stream tells us that they can be reached: no pause of ours is waited for.
    for (const { juliet } of partners) juliet.message(alice, `after cut ${cut}`);
    await Promise.all([accounted(managed, "flap", ["out", "in"]), accounted(plain, "flap", ["out"])]);
  }
  // Whatever would come twice has come by then.
  await Promise.all(partners.map((partner) => pass(partner, "after-the-cuts")));
  for (const partner of partners) {
    const found = await outcomes(partner, "flap");
    report(`link cut ${CUTS} times`, partner, found);
    expect(found.out).toMatchObject({ silent: [], twice: [] });
    expect(found.in).toMatchObject({ sent: CUTS * BETWEEN_CUTS, twice: [] });
    await expectWhatWasUnproved(partner, found.out);
    // Who acknowledges nothing does not learn what of theirs was lost, and nor do we.
    if (partner === managed) expect(found.in.silent).toEqual([]);
  }
});

test(`a row that changes ${CHANGES} times under traffic both ways; a row that does not`, async () => {
  await Promise.all([pass(managed, "before-changes"), pass(changed, "before-changes")]);
  const steady = streams(MANAGED);
  /** Of theirs: sent over streams that a certificate had authenticated, so that Prosody counts them. */
  let byCertificate = true;
  for (let change = 0; change < CHANGES; change++) {
    if (byCertificate) await counts(CHANGED);
    const kind = `row-${byCertificate ? "certificate" : "dialback"}-${change}`;
    const rests = await Promise.all([round(managed, kind, BETWEEN_CHANGES), round(changed, kind, BETWEEN_CHANGES)]);
    byCertificate = !byCertificate;
    const method = byCertificate ? "sasl-over-tls" : "tls-dialback";
    const gone = goneFrom(changed);
    const applied = await changeRow(method);
    await gone();
    expect(applied.streams).toHaveLength(2); // one each way, of this partner alone
    expect(String(applied.streams)).toMatch(/changed.example policy-violation.*changed.example policy-violation/);
    await Promise.all(rests.map((rest) => rest()));
    await accounted(managed, kind, ["out", "in"]);
    await accounted(changed, kind, byCertificate ? ["out"] : ["out", "in"]);
    await pass(changed, `after-change-${change}`);
    const now = await gateway().streams(CHANGED);
    expect(now.map((one) => `${one.direction} ${one.method}`).sort()).toEqual([`in ${method}`, `out ${method}`]);
  }
  await pass(managed, "after-changes");

  const unchanged = await outcomes(managed, "row");
  report("another partner's row changed", managed, unchanged);
  const all = CHANGES * BETWEEN_CHANGES;
  const whole = { sent: all, delivered: all, returned: 0, silent: [], twice: [], both: [] };
  expect(unchanged).toEqual({ out: whole, in: whole });
  expect(streams(MANAGED)).toBe(steady);

  for (const method of ["certificate", "dialback"]) {
    const found = await outcomes(changed, `row-${method}`);
    report(`row changed, streams by ${method} closed`, changed, found);
    expect(found.out).toMatchObject({ silent: [], twice: [] });
    expect(found.in.twice).toEqual([]);
    if (method === "certificate") expect(found.in.silent).toEqual([]);
  }
  await expectWhatWasUnproved(changed, (await outcomes(changed, "row")).out);
});

/** Changes the row of one partner; resolves when it is in force. */
async function changeRow(method: "sasl-over-tls" | "tls-dialback") {
  const { tls, sasl, dialback } = METHODS[method];
  const row = { tlsNegotiation: tls, saslNegotiation: sasl, supportDialbackNegotiation: dialback };
  const from = gateway().process.log.length;
  revision++;
  const { definition: written } = relayed.federation;
  const partners: EdgeInput["partners"] = (written.partners ?? []).map((partner) =>
    partner.domain === CHANGED ? { ...partner, ...row } : partner,
  );
  // A compiled document, so that nothing is compiled, and SIGHUP, so that nothing is waited for: the traffic flows.
  const { definition } = parseDefinition({ ...written, revision, partners });
  await gateway().replaceDefinition(JSON.stringify(facts(definition!).gateway));
  gateway().process.kill("SIGHUP");
  return gateway().waitForEvent("document-applied", { revision }, { from });
}

test("a partner that stays away: what waited comes back as remote-server-timeout, and later traffic flows", async () => {
  const ids = idsOf("away", 5);
  const errors = await Promise.all(ids.map((id) => ours.waitForError(id)));
  expect(errors.map(({ error }) => error?.condition)).toEqual(ids.map(() => "remote-server-timeout"));
  for (const { error } of errors) expect(error?.text).not.toContain("may have arrived");
  expect(gateway().events("stream-ended", { remote: AWAY, direction: "out" }).length).toBeGreaterThan(2);
  relayed.join(away);
  await pass(away, "back");
  expect(outcomeOf(ids, bodiesAt(away.juliet), (await inboxOf(ours)).returned)).toMatchObject({
    delivered: 0,
    returned: ids.length,
    twice: [],
  });
});
