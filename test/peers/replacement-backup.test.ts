import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ContainerSite } from "./rig/container-site";
import { alice } from "./rig/federation";
import { bodiesAt, inboxOf, outcomeOf, tell } from "./rig/numbered-traffic";
import { child } from "./rig/stanza";
import { until } from "./rig/until";

const partner = "partner.example";
const late = "late.example";
const juliet = `juliet@${partner}`;
const WAITING = Array.from({ length: 50 }, (_, index) => `waiting-${index}`);

let site: ContainerSite;

beforeAll(async () => {
  const partners = [partner, late].map((domain) => ({ domain, partnerType: "Federated" as const }));
  site = await ContainerSite.open(partners, [partner]);
  await site.gateway.start(site.releases[0].reference);
});
afterAll(() => site?.close());

test("a backup of the running container, restored on an empty volume under another release, has contacts and queue", async () => {
  const { gateway, releases } = site;
  const ours = gateway.user(alice);
  const client = await site.login(juliet);
  await ours.addContact(juliet);
  await client.waitForPresence(alice, "subscribe");
  client.accept(alice);
  await ours.waitForSubscription(juliet, "subscribed");
  client.subscribe(alice);
  await client.waitForPresence(alice, "subscribed");
  await ours.burst(`juliet@${late}`, WAITING);

  const backup = JSON.parse(await gateway.execute("state", "backup", "/backup/edge.state", "--json"));
  expect(backup.sha256).toMatch(/^[0-9a-f]{64}$/);
  const { mode } = await stat(join(gateway.backupFolder, "edge.state"));
  expect(mode & 0o777).toBe(0o600); // it holds the dialback secret

  // The host is lost with its volume.
  await gateway.kill();
  const restored = JSON.parse(
    await gateway.executeOn("fresh", releases[1].reference, "state", "restore", "/backup/edge.state", "--json"),
  );
  expect(restored).toMatchObject({ takenAt: backup.takenAt, schema: backup.schema, bytes: backup.bytes });
  await gateway.start(releases[1].reference, "fresh");
  expect(await gateway.imageDigest()).toBe(releases[1].digest);

  await expect(ours.contacts()).resolves.toEqual({ [juliet]: "subscribed" });
  await ours.presence({ available: true, show: "away", status: "from the backup" });
  await client.waitFor("our presence", (stanza) => child(stanza, "status")?.text === "from the backup");
  client.presence({ show: "xa", status: "still here" });
  await ours.waitForPresence(juliet, ({ status }) => status === "still here");

  await site.startProsody(late);
  const latecomer = await site.login(`juliet@${late}`);
  const outcome = await until("every message that was queued", async () => {
    const counted = outcomeOf(WAITING, bodiesAt(latecomer), (await inboxOf(ours)).returned);
    return counted.silent.length === 0 ? counted : undefined;
  });
  process.stderr.write(`restored on an empty volume: queued ${tell(outcome)}\n`);
  expect(outcome).toMatchObject({ delivered: WAITING.length, returned: 0, twice: [] });
});
