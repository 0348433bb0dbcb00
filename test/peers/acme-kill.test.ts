import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AcmeState, type StoredOrder } from "../../src/certificate/acme/acme-state";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import type { EdgeInput } from "../../src/definition";
import { AcmeSite } from "./rig/acme-site";
import { program } from "./rig/gateway";
import { lifeline } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";

/** Pebble as it is by default, but that it believes no name from before: it waits, and it refuses nonces. */
let site: AcmeSite;
let work: string;
beforeAll(async () => {
  program();
  site = await AcmeSite.open({ unruly: true, reusesAuthorizations: 0 });
  await site.pebble.process.waitForLog(/reject 5% of good nonces/);
  work = await makeWorkFolder();
  writeFileSync(join(work, "tsig.key"), site.knot.tsigKey, { mode: 0o600 });
  writeFileSync(join(work, "anchors.pem"), site.rig.authority.caPem);
});
afterAll(async () => {
  await site?.close();
  if (work !== undefined) rmSync(work, { recursive: true, force: true });
});

const file = (name: string) => join(work, name);

/** A definition whose certificate has that many names. */
function definition(count: number): { readonly names: readonly string[]; readonly path: string } {
  const domain = `of${count}.contoso.example`;
  const more = Array.from({ length: count - 1 }, (_, n) => `n${n}.${domain}`);
  const input: EdgeInput = {
    name: "contoso",
    accessEdge: { fqdn: domain, addresses: ["198.51.100.7"] },
    domains: [{ name: domain, sip: false }],
    certificate: {
      key: { type: "ECDSA" },
      additionalNames: more,
      source: { kind: "acme", directory: site.pebble.directory },
    },
    dns: { kind: "rfc2136", server: `${site.knot.address}:${site.knot.port}`, tsigKeyFile: file("tsig.key") },
  };
  writeFileSync(file(`${count}.json`), JSON.stringify(input));
  return { names: [domain, ...more], path: file(`${count}.json`) };
}

/** `xmpp-edge certificate acme`, as somebody would run it. */
function start(
  path: string,
  store: string,
  ...options: readonly string[]
): { child: ChildProcess; said: () => string } {
  const server = `${site.knot.address}:${site.knot.port}`;
  const always = ["--agree-terms", "--acme-anchors", file("anchors.pem"), "--name-server", server];
  const [lead, ...rest] = [...lifeline, process.execPath, program()];
  const child = spawn(lead, [...rest, "certificate", "acme", path, "--store", store, ...always, ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return { child, said: () => said };
}

const ended = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`)));

type Moment = (order: StoredOrder) => boolean;
const ordered: Moment = ({ url }) => url !== undefined;
const published: Moment = ({ records }) => records.length > 0;

/** Runs it, and kills it by SIGKILL as soon as what is written down of its order says that the moment has come. */
async function killAt(moment: Moment, path: string, store: string, ...options: readonly string[]): Promise<void> {
  const { child, said } = start(path, store, ...options);
  const end = ended(child);
  const watching = setInterval(() => {
    if (!existsSync(join(store, "acme"))) return;
    const { order } = new AcmeState(join(store, "acme"), site.pebble.directory);
    if (order !== undefined && moment(order)) child.kill("SIGKILL");
  }, 5);
  const how = await end;
  clearInterval(watching);
  expect({ how, said: said() }).toMatchObject({ how: "SIGKILL" });
}

async function goesOn(path: string, store: string, ...options: readonly string[]): Promise<void> {
  const { child, said } = start(path, store, ...options);
  expect({ how: await ended(child), said: said() }).toMatchObject({ how: "exit code 0" });
}

async function expectLive(store: string, names: readonly string[], count: number): Promise<void> {
  const kept = openCertificateStore(store);
  expect(kept.certificates()).toHaveLength(count);
  expect(kept.live()?.id).toBe(kept.certificates()[0]?.id);
  expect([...(kept.live()?.names ?? [])].sort()).toEqual([...names].sort());
  const left = await Promise.all(names.map((name) => site.host.read(`_acme-challenge.${name}`, "TXT")));
  expect(left.flat()).toEqual([]);
}

/** All at once: most of the time Pebble sleeps. */
test("killed by SIGKILL, issuing and renewing go on where they were: for 1, 10 and 100 names", async () => {
  const sizes = [1, 10, 100];
  const issued = sizes.map(async (count) => {
    const { names, path } = definition(count);
    const store = file(`store-${count}`);
    await killAt(ordered, path, store);
    await killAt(published, path, store);
    expect(openCertificateStore(store).live()).toBeUndefined();
    await goesOn(path, store);
    await expectLive(store, names, 1);
    const present = openCertificateStore(store).live()?.id;
    await killAt(published, path, store, "--renew");
    expect(openCertificateStore(store).live()?.id).toBe(present);
    await goesOn(path, store, "--renew");
    await expectLive(store, names, 2);
  });
  await Promise.all(issued);
  // One order for each certificate: those that were begun were gone on with.
  expect(site.pebble.orders()).toBe(2 * sizes.length);
});
