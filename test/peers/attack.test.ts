/** An attacker that does everything it can, as fast as it can, beside a partner that has a stream each way. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ATTACKS, type Attack, type AttackReport } from "../../bench/attack/orders";
import { alice, Federation, ourDomain } from "./rig/federation";
import type { TestCertificate } from "./rig/pki";
import { PeerRig, type ServerPlace } from "./rig/rig";
import { serverRecords } from "./rig/unbound";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const PARTNER = "partner.example";
const MALLORY = "mallory.example";
/** A partner by dialback that has no server. */
const TRUDY = "trudy.example";
const MESSAGES = 40;
/** A process that takes twice what it needs at rest has let somebody in. */
const MOST_MIB = 400;

const root = join(__dirname, "../..");
let rig: PeerRig;
let federation: Federation;
let juliet: XmppClient;
let mallory: ServerPlace;
let certificates: TestCertificate;

beforeAll(async () => {
  rig = await PeerRig.open();
  mallory = await rig.place(MALLORY);
  certificates = await rig.authority.issue({ names: [MALLORY] });
  federation = await Federation.open(
    {
      partners: [
        { domain: PARTNER, partnerType: "Federated" },
        { domain: MALLORY, partnerType: "Federated" },
        { domain: TRUDY, partnerType: "Federated", saslNegotiation: "NotSupported" },
      ],
      records: serverRecords(mallory),
    },
    [{ domain: PARTNER, mode: "external" }],
    rig,
  );
  const ours = federation.gateway.user(alice);
  juliet = await federation.login(`juliet@${PARTNER}`);
  await ours.message(juliet.jid, "outward");
  await juliet.waitForMessage(alice, "outward");
  juliet.message(alice, "inward");
  await ours.waitForMessage(juliet.fullJid, "inward");
});
afterAll(() => federation?.close());

async function startAttacker(attack: Attack): Promise<ChildProcess> {
  const jiti = join(root, "node_modules/jiti/lib/jiti-cli.mjs");
  const attacker = fork(jiti, [join(root, "bench/attack/attacker.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [listening = ""] = (await federation.gateway.status()).listening;
  const at = listening.lastIndexOf(":");
  attacker.send({
    attack,
    address: listening.slice(0, at),
    port: Number(listening.slice(at + 1)),
    domain: ourDomain,
    partner: { domain: MALLORY, ...certificates },
    listen: { address: mallory.address, port: mallory.s2sPort },
    byDialback: TRUDY,
  });
  return attacker;
}

async function reportOf(attacker: ChildProcess): Promise<AttackReport> {
  const told = once(attacker, "message") as Promise<[AttackReport]>;
  attacker.send("report");
  return (await told)[0];
}

async function memory(): Promise<number> {
  const value = await federation.gateway.metrics();
  return value("process_resident_memory_bytes") / 2 ** 20;
}

test.each(ATTACKS)("%s: the partner's streams stand, its messages pass, and memory is bounded", async (attack) => {
  const { gateway } = federation;
  const before = await gateway.streams(PARTNER);
  expect(before.map(({ direction }) => direction).sort()).toEqual(["in", "out"]);
  const from = gateway.process.log.length;
  const attacker = await startAttacker(attack);
  try {
    await until("the attack's beginning", async () => ((await reportOf(attacker)).attempts > 3 ? true : undefined));
    for (let index = 0; index < MESSAGES; index++) {
      const text = `${attack} ${index}`;
      juliet.message(alice, text);
      await gateway.user(alice).waitForMessage(juliet.fullJid, text);
      await gateway.user(alice).message(juliet.jid, text);
      await juliet.waitForMessage(alice, text);
    }
    expect((await reportOf(attacker)).faults).toEqual([]);
    expect(await memory()).toBeLessThan(MOST_MIB);
  } finally {
    const ended = once(attacker, "exit");
    attacker.kill("SIGKILL");
    await ended;
  }
  expect(gateway.process.end).toBeUndefined();
  const addresses = (streams: typeof before) =>
    streams.map(({ direction, address }) => `${direction} ${address}`).sort();
  expect(addresses(await gateway.streams(PARTNER))).toEqual(addresses(before));
  for (const event of ["stream-ended", "stream-closed", "stream-revoked"])
    expect(gateway.process.log.slice(from).filter((line) => line.includes(event) && line.includes(PARTNER))).toEqual(
      [],
    );
});
