import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { program } from "./rig/gateway";
import { child } from "./rig/stanza";
import { until } from "./rig/until";
import { makeWorkFolder } from "./rig/work-folder";

const partner = "partner.example";
const juliet = `juliet@${partner}`;
const ids = Array.from({ length: 50 }, (_, index) => `kept-${index}`);

let federation: Federation;
let work: string;

beforeAll(async () => {
  work = await makeWorkFolder();
  federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
});
afterAll(async () => {
  await federation?.close();
  if (work !== undefined) await rm(work, { recursive: true, force: true });
});

/** `xmpp-edge state …` as operators call it. */
async function state(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const process_ = spawn(process.execPath, [program(), "state", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [process_.stdout, process_.stderr])
    stream.on("data", (data: Buffer) => {
      output += data;
    });
  const [code] = (await once(process_, "close")) as [number];
  return { code, output };
}

test("contacts and queued messages outlive their host by a backup of the running gateway", async () => {
  const { gateway } = federation;
  const ours = gateway.user(alice);
  const before = await federation.login(juliet);
  await ours.addContact(juliet);
  await before.waitForPresence(alice, "subscribe");
  before.accept(alice);
  await ours.waitForSubscription(juliet, "subscribed");

  // The partner goes away, so that what follows waits in the queue; the backup is taken while more comes.
  await federation.prosody().stop();
  const file = join(work, "edge.state");
  await ours.burst(juliet, ids);
  const [backup] = await Promise.all([
    state("backup", file, "--state", gateway.stateFolder),
    ours.burst(juliet, ["after-1", "after-2"]),
  ]);
  expect(backup).toMatchObject({ code: 0, output: expect.stringContaining("SHA-256") });
  await gateway.waitForEvent("state-backup");

  const restore = ["restore", file, "--state", gateway.stateFolder];
  expect(await state(...restore, "--replace")).toMatchObject({
    code: 1,
    output: expect.stringContaining("a gateway runs"),
  });

  // The host is lost with its volume; another one takes its place.
  await gateway.kill();
  await rm(gateway.stateFolder, { recursive: true });
  expect(await state(...restore)).toMatchObject({ code: 0 });
  expect(await state(...restore)).toMatchObject({ code: 1, output: expect.stringContaining("--replace") });
  await gateway.startAgain();
  await federation.startProsodyAgain();
  const after = await federation.login(juliet);
  const delivered = () =>
    after.received.flatMap((stanza) => (stanza.attributes.type === "chat" ? (child(stanza, "body")?.text ?? []) : []));
  const settled = async () => {
    const returned = (await ours.inbox()).flatMap((entry) => (entry.kind === "error" ? (entry.id ?? "") : []));
    const there = new Set([...delivered(), ...returned]);
    return ids.every((id) => there.has(id)) || undefined;
  };
  await until(() => `every message; there are ${delivered().join(" ")}`, settled);
  const seen = delivered().filter((id) => id.startsWith("kept-"));
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBeGreaterThan(0);
  expect(await ours.contacts()).toEqual({ [juliet]: "subscribed" });
});
