import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
const juliet = `juliet@${partner}`;

interface Scene {
  readonly federation: Federation;
  readonly client: XmppClient;
}

/** The shortest times that a definition may have, in seconds. */
async function open(gateway: { keepAliveInterval: number; streamInactivityTimeout: number }): Promise<Scene> {
  const federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }], gateway }, [
    { domain: partner, mode: "external" },
  ]);
  const client = await federation.login(juliet);
  await exchange({ federation, client }, "before");
  return { federation, client };
}

/** A message each way. */
async function exchange({ federation, client }: Scene, body: string): Promise<void> {
  const ours = federation.gateway.user(alice);
  client.message(alice, body);
  await ours.waitForMessage(client.fullJid, body);
  await ours.message(juliet, body);
  await client.waitForMessage(alice, body);
}

let idle: Scene;
let silent: Scene;
beforeAll(async () => {
  idle = await open({ keepAliveInterval: 300, streamInactivityTimeout: 10 });
  silent = await open({ keepAliveInterval: 10, streamInactivityTimeout: 600 });
});
afterAll(async () => {
  await idle?.federation.close();
  await silent?.federation.close();
});

test("an idle pair has its streams closed in order, and opened again when they are needed", async () => {
  const { gateway } = idle.federation;
  const { process } = idle.federation.prosody();
  await process.waitForLog(/Incoming s2s stream \S+ closed: stream closed/);
  await process.waitForLog(/Outgoing s2s stream \S+ closed: stream closed/);
  await until("no stream", async () => (await gateway.streams(partner)).length === 0 || undefined);
  await exchange(idle, "after");
  expect(gateway.events("stream-authenticated")).toHaveLength(4);
  expect(gateway.process.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
});

test("a silent pair is asked after half the interval, and stays with its answers", async () => {
  const { process } = silent.federation.prosody();
  const pings = () => process.log.filter((line) => /Received\[s2sin\]: <iq /.test(line)).length;
  // One is the barrier behind our message; with two more, the interval has passed.
  await until("two pings of the keep-alive", () => pings() >= 3 || undefined);
  await expect(silent.federation.gateway.streams(partner)).resolves.toHaveLength(2);
});

test("a silent pair is given up after the interval when nobody answers", async () => {
  const { gateway } = silent.federation;
  const { process } = silent.federation.prosody();
  process.kill("SIGSTOP");
  const reason = "connection-timeout: nothing was heard for the keep-alive interval";
  const fields = { level: "warn", direction: "out", remote: partner, reason };
  await gateway.waitForEvent("stream-ended", fields);
  process.kill("SIGCONT");
  await exchange(silent, "after");
});
