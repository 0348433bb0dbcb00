/** Our gateway killed under traffic with an ejabberd partner, which acknowledges nothing between servers. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation, ourDomain } from "./rig/federation";
import { bodiesAt, inboxOf, outcomeOf, returnedTo, tell } from "./rig/numbered-traffic";
import { PeerRig } from "./rig/rig";
import { serverRecords } from "./rig/unbound";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const DOMAIN = "partner.example";
const COUNT = 600;
const ACCEPTED = 200;

let federation: Federation;
let juliet: XmppClient;

beforeAll(async () => {
  const rig = await PeerRig.open();
  const place = await rig.place(DOMAIN);
  federation = await Federation.open(
    { partners: [{ domain: DOMAIN, partnerType: "Federated" }], records: serverRecords(place), clientAuth: true },
    [],
    rig,
  );
  const { listening } = await federation.gateway.status();
  const ejabberd = await rig.startEjabberd(place, {
    mode: "any",
    accounts: ["juliet"],
    maxRetryDelay: 1, // what it answers while it does not try is lost, our pings' answers with it
    resolver: federation.resolver,
    hosts: { [`edge.${ourDomain}`]: (listening[0] ?? "").replace(/:\d+$/, "") },
    certificates: await rig.authority.issue({ names: [DOMAIN], clientAuth: true }),
  });
  juliet = await rig.login({ ...ejabberd, domain: DOMAIN }, "juliet");
  const ours = federation.gateway.user(alice);
  await ours.message(juliet.jid, "hello");
  await juliet.waitForMessage(alice, "hello");
  juliet.message(alice, "hello too");
  await ours.waitForMessage(juliet.fullJid, "hello too");
});
afterAll(() => federation?.close());

test("none of ours is silent, none comes twice", async () => {
  const { gateway } = federation;
  const [out, inward] = ["out", "in"].map((kind) => Array.from({ length: COUNT }, (_, index) => `${kind}-${index}`));
  const from = gateway.process.log.length;
  const offered = gateway.user(alice).burst(juliet.jid, out!);
  for (const id of inward!) juliet.message(alice, id, { id });
  for (const direction of ["in", "out"])
    await gateway.waitForEvents("message-accepted", { direction }, ACCEPTED, { from });
  const accepted = () =>
    gateway.events("message-accepted", { direction: "in" }).flatMap(({ id }) => (id as string) ?? []);
  await gateway.kill();
  const taken = accepted().filter((id) => id.startsWith("in-"));
  const sent = await offered;
  await gateway.startAgain();
  const ours = gateway.user(alice);
  const outward = async () => outcomeOf(sent, bodiesAt(juliet), (await inboxOf(ours)).returned);
  await until("every message of ours delivered or returned", async () =>
    (await outward()).silent.length === 0 ? true : undefined,
  );
  // One more each way: whatever would come twice has come by then.
  await ours.message(juliet.jid, "after");
  await juliet.waitForMessage(alice, "after");
  let tries = 0;
  // It returns what it is given between two tries to reach us.
  let last: string | undefined;
  await until("one of hers to arrive", async () => {
    if ((await inboxOf(ours)).arrived.some((id) => id.startsWith("after-too-"))) return true;
    if (last !== undefined && !returnedTo(juliet).includes(last)) return undefined;
    last = `after-too-${tries++}`;
    juliet.message(alice, last, { id: last });
    return undefined;
  });
  const { arrived } = await inboxOf(ours);
  const [gone, came] = [await outward(), outcomeOf(inward!, arrived, returnedTo(juliet))];
  process.stderr.write(`ejabberd, gateway killed, outward: ${tell(gone)}\n`);
  process.stderr.write(`ejabberd, gateway killed, inward: ${tell(came)}\n`);
  expect(sent.length).toBeGreaterThanOrEqual(ACCEPTED);
  expect(gone).toMatchObject({ silent: [], twice: [] });
  expect(came.twice).toEqual([]);
  // What we had taken over is there, whoever was killed.
  expect(taken.length).toBeGreaterThanOrEqual(ACCEPTED);
  expect(taken.filter((id) => !arrived.includes(id))).toEqual([]);
});
