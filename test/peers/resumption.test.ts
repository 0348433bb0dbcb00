/** Two of our gateways, a network that breaks between them, and what becomes of every message (XEP-0198 section 5). */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { CutRelay } from "./rig/cut-relay";
import { Gateway } from "./rig/gateway";
import { inboxOf, type Outcome, outcomeOf, tell } from "./rig/numbered-traffic";
import { freePort } from "./rig/ports";
import { PeerRig } from "./rig/rig";
import type { SandboxUser } from "./rig/sandbox-user";
import { until } from "./rig/until";

const OURS = "contoso.example";
const THEIRS = "fabrikam.example";
const CUTS = 6;
const BETWEEN_CUTS = 100;

interface Side {
  readonly domain: string;
  readonly user: SandboxUser;
  readonly gateway: Gateway;
  /** The way to it. */
  readonly relay: CutRelay;
}

let rig: PeerRig;
let contoso: Side;
let fabrikam: Side;

beforeAll(async () => {
  rig = await PeerRig.open();
  const domains = [OURS, THEIRS];
  const places = await Promise.all(
    domains.map(async (domain) => {
      const place = await rig.place(domain);
      const address = rig.network.address();
      const relay = await CutRelay.listen({ address, port: await freePort(address, 5269) });
      relay.upstream = { address: place.address, port: place.s2sPort };
      return { ...place, relay: rig.own(relay, () => relay.close()) };
    }),
  );
  const resolver = await rig.startUnbound({
    records: places.flatMap(({ domain, relay }) => [
      `_xmpp-server._tcp.${domain}. SRV 0 5 ${relay.place.port} edge.${domain}.`,
      `edge.${domain}. A ${relay.place.address}`,
    ]),
  });
  const sides = await Promise.all(
    places.map(async ({ domain, address, s2sPort, relay }, index): Promise<Side> => {
      const jid = `user@${domain}`;
      const gateway = await Gateway.start({
        address,
        s2sPort,
        resolver,
        certificates: await rig.authority.issue({ names: [domain, `edge.${domain}`] }),
        definition: {
          name: domain.split(".")[0]!,
          accessEdge: { fqdn: `edge.${domain}`, addresses: [`198.51.100.${index + 7}`] },
          domains: [{ name: domain }],
          internal: { kind: "sandbox", users: [jid] },
          partners: [{ domain: domains[1 - index]!, partnerType: "Federated" }],
        },
      });
      return { domain, relay, gateway: rig.own(gateway, () => gateway.remove()), user: gateway.user(jid) };
    }),
  );
  [contoso, fabrikam] = sides as [Side, Side];
});
afterAll(() => rig?.close());

const report = (what: string, outcome: Outcome, resumed: number) =>
  process.stderr.write(`${what}: ${tell(outcome)}; ${resumed} sessions resumed\n`);
const arrivedAt = async ({ user }: Side) => (await inboxOf(user)).arrived;
const returnedTo = async ({ user }: Side) => (await inboxOf(user)).returned;
const resumedBy = ({ gateway }: Side) => gateway.events("stream-resumed", { direction: "out" }).length;

test("a network that breaks again and again: none silent, none twice, none returned", async () => {
  const flap = async (from: Side, to: Side): Promise<void> => {
    const sent: string[] = [];
    const look = async () => outcomeOf(sent, await arrivedAt(to), await returnedTo(from));
    const offer = async (ids: readonly string[]) => void sent.push(...(await from.user.burst(to.user.jid, ids)));
    const arrived = (id: string) =>
      until(`${id} delivered`, async () => (await arrivedAt(to)).includes(id) || undefined);
    for (let cut = 0; cut < CUTS; cut++) {
      const part = Array.from({ length: BETWEEN_CUTS }, (_, index) => `${from.domain}-${cut}-${index}`);
      const [first = "", second = "", ...others] = part;
      await offer([first]);
      await arrived(first); // a stream stands
      to.relay.mute(); // what arrives from here on cannot be proved before the connection breaks
      const rest = offer([second]).then(() => offer(others));
      await arrived(second);
      to.relay.cut();
      await rest;
    }
    await until(`all of ${from.domain}`, async () => (await look()).silent.length === 0 || undefined);
    await offer([`${from.domain}-last`]);
    await arrived(`${from.domain}-last`); // whatever would come twice has come by then
    const outcome = await look();
    report(`network cut ${CUTS} times, ${from.domain} to ${to.domain}`, outcome, resumedBy(from));
    const all = CUTS * BETWEEN_CUTS + 1;
    expect(outcome).toEqual({ sent: all, delivered: all, returned: 0, silent: [], twice: [], both: [] });
    expect(resumedBy(from)).toBe(CUTS);
  };
  await Promise.all([flap(contoso, fabrikam), flap(fabrikam, contoso)]);
});

test("the other gateway killed: its sessions are gone, and what may have arrived comes back, saying so", async () => {
  const ids = Array.from({ length: 400 }, (_, index) => `kill-${index}`);
  const before = resumedBy(contoso);
  const offered = contoso.user.burst(fabrikam.user.jid, ids);
  await until("some arrive", async () => (await arrivedAt(fabrikam)).some((id) => id.startsWith("kill-")) || undefined);
  fabrikam.relay.mute();
  await fabrikam.gateway.kill();
  const sent = await offered;
  await fabrikam.gateway.startAgain();
  const look = async () => outcomeOf(sent, await arrivedAt(fabrikam), await returnedTo(contoso));
  await until("every message delivered or returned", async () => (await look()).silent.length === 0 || undefined);
  await contoso.user.message(fabrikam.user.jid, "after", "after");
  await until("the last one", async () => (await arrivedAt(fabrikam)).includes("after") || undefined);
  const outcome = await look();
  report("the other gateway killed", outcome, resumedBy(contoso) - before);
  expect(outcome).toMatchObject({ silent: [], twice: [] });
  expect(resumedBy(contoso)).toBe(before);
  // As many as the gateway says were not proved, and none besides.
  const { returns } = await inboxOf(contoso.user);
  const unproved = contoso.gateway.events("delivery-uncertain", { remote: THEIRS });
  expect(returns).toHaveLength(unproved.reduce((sum, { stanzas }) => sum + Number(stanzas), 0));
  for (const { text } of returns) expect(text).toContain("may have arrived");
});
