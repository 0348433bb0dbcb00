// Runs in a network namespace of its own (../hostile-targets.test.ts starts it) and prints what came of it.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { parseTsigKey, rfc2136Host } from "../../../src/dns/host";
import type { PartnerFailure } from "../../../src/gateway/status";
import { bringUpNetwork, inNetwork } from "../dns-lab/network";
import { Gateway } from "../rig/gateway";
import { type Knot, startKnot } from "../rig/knot";
import { PeerRig } from "../rig/rig";
import { connectAttempts, tracingConnects } from "../rig/strace";
import { startUnbound } from "../rig/unbound";
import { until } from "../rig/until";
import { makeWorkFolder } from "../rig/work-folder";
import {
  domainOf,
  FORBIDDEN,
  type HostileCase,
  MIXED,
  NOBODY,
  OURS,
  OURS_SIX,
  REBOUND,
  SIX,
  THOUSANDS,
  ZONE,
  zoneLines,
} from "./cases";
import type { Outcome, Returned } from "./outcome";

const OUR_DOMAIN = "contoso.example";
const ALICE = `alice@${OUR_DOMAIN}`;
const ourLines = [
  `_xmpp-server._tcp.${OUR_DOMAIN}. 60 IN SRV 0 0 5269 edge.${OUR_DOMAIN}.`,
  `edge.${OUR_DOMAIN}. 60 IN AAAA ${OURS_SIX}`,
];
const six = { label: "six", records: [], listeners: [] };
const ALL: readonly HostileCase[] = [...FORBIDDEN, MIXED, THOUSANDS, REBOUND];

async function main(): Promise<Outcome> {
  bringUpNetwork([OURS_SIX, SIX]);
  inNetwork([
    ...["169.254.169.254", "10.1.2.3"].map((address) => `ip addr add ${address}/32 dev lo`),
    "ip -6 addr add fd00::1/128 dev lo nodad",
  ]);
  const rig = await PeerRig.open();
  try {
    return await look(rig);
  } finally {
    await rig.close();
  }
}

async function look(rig: PeerRig): Promise<Outcome> {
  const accepted: string[] = [];
  for (const [address, port] of places()) rig.own(await listen(address, port, accepted), async () => {});
  const knot = await startKnot({
    address: "11.0.2.1",
    port: 53,
    zones: { [ZONE]: [...ALL.flatMap(zoneLines), ...sixLines()], [OUR_DOMAIN]: ourLines },
  });
  rig.own(knot, () => knot.stop());
  const unbound = await startUnbound({
    ...{ address: "127.0.53.1", port: 53 },
    stubZones: [ZONE, OUR_DOMAIN].map((zone) => ({ zone, address: knot.address, port: knot.port })),
  });
  rig.own(unbound, () => unbound.stop());
  for (const name of ["knot", "unbound", "strace"]) rig.witness(name);
  const place = { domain: domainOf(six), address: SIX, s2sPort: 5269, c2sPort: 5222 };
  const prosody = await rig.startProsody(place, { mode: "external", resolver: unbound, accounts: ["juliet"] });
  const juliet = await rig.login(prosody, "juliet");

  const trace = join(await makeWorkFolder(), "connects");
  const gateway = await Gateway.start({
    definition: {
      name: "contoso",
      accessEdge: { fqdn: `edge.${OUR_DOMAIN}`, addresses: [OURS, OURS_SIX] },
      domains: [{ name: OUR_DOMAIN }],
      internal: { kind: "sandbox", users: [ALICE] },
      partners: [...ALL, six].map((one) => ({
        ...{ domain: domainOf(one), partnerType: "Federated" },
        ...{ tlsNegotiation: "Required", saslNegotiation: "Required" },
        ...("row" in one && one.row && { proxyFqdn: one.row.proxyFqdn.replace("@", domainOf(one)) }),
      })),
    },
    ...{ address: OURS, s2sPort: 5269, listenToo: [`[${OURS_SIX}]:5269`] },
    ...{ resolver: unbound, allowPrivateTargets: [] },
    certificates: await rig.issueFor(OUR_DOMAIN),
    under: tracingConnects(trace),
  });
  rig.own(gateway, () => gateway.remove());
  const alice = gateway.user(ALICE);
  const failure = (one: HostileCase, code: string) => waitForFailure(gateway, domainOf(one), code);

  const returned: Returned[] = [];
  for (const one of FORBIDDEN) {
    const { error } = await alice.waitForError(await alice.message(`eve@${domainOf(one)}`, "hello"));
    const { code, text, remedy } = await failure(one, "target-forbidden");
    returned.push({ label: one.label, code, text, remedy, condition: error?.condition ?? "none" });
  }
  await alice.message(`eve@${domainOf(MIXED)}`, "hello");
  await failure(MIXED, "connect-failed");
  const rebound = await alice.message(`eve@${domainOf(REBOUND)}`, "hello");
  await failure(REBOUND, "connect-failed");
  await rebind(knot);
  await alice.waitForError(rebound);
  await failure(REBOUND, "target-forbidden");

  await alice.message(juliet.jid, "over six");
  await juliet.waitForMessage(ALICE, "over six");
  juliet.message(ALICE, "and back");
  await alice.waitForMessage(juliet.jid, "and back");
  const streams = await gateway.streams(place.domain);
  const overSix = streams.map(({ direction, address }) => `${direction} ${address}`).sort();

  await alice.message(`eve@${domainOf(THOUSANDS)}`, "hello");
  await failure(THOUSANDS, "connect-failed");
  await gateway.stop();
  return {
    returned,
    accepted,
    attempts: connectAttempts(trace, unbound),
    leftOut: gateway.events("targets-forbidden").map(({ addresses }) => String(addresses)),
    overSix,
  };
}

const places = () => new Map(ALL.flatMap(({ listeners }) => listeners).map((one) => [one.join(" "), one])).values();

async function listen(address: string, port: number, accepted: string[]): Promise<Server> {
  const server = createServer((socket) => {
    accepted.push(`${address} ${port}`);
    socket.destroy();
  });
  server.unref().listen({ host: address, port, ipv6Only: true });
  await once(server, "listening");
  return server;
}

const sixLines = () => [
  `_xmpp-server._tcp.${domainOf(six)}. 60 IN SRV 0 0 5269 xmpp.${domainOf(six)}.`,
  `xmpp.${domainOf(six)}. 60 IN AAAA ${SIX}`,
];

function waitForFailure(gateway: Gateway, remote: string, code: string): Promise<PartnerFailure> {
  return until(`a failure ${code} with ${remote}`, async () => {
    const { failures } = await gateway.status();
    return failures?.find((one) => one.remote === remote && one.code === code);
  });
}

/** The name that was good leads inside now. */
async function rebind(knot: Knot): Promise<void> {
  const host = rfc2136Host({ server: knot, key: parseTsigKey(knot.tsigKey), now: Date.now });
  const owner = `to.${domainOf(REBOUND)}`;
  await host.publish([{ owner, ttl: 0, type: "A", address: "10.1.2.3" }]);
  await host.remove([{ owner, ttl: 0, type: "A", address: NOBODY }]);
}

main().then(
  (outcome) => process.stdout.write(JSON.stringify(outcome), () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
