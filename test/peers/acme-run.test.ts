import { readdirSync, readFileSync, statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { AcmeSite } from "./rig/acme-site";
import { program } from "./rig/gateway";
import { freePort } from "./rig/ports";
import { serverRecords } from "./rig/unbound";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";

const ourDomain = "contoso.example";
const partner = "partner.example";

let site: AcmeSite;
let work: string;
let gateway: WatchedProcess;
let knotAddress: string;

beforeAll(async () => {
  site = await AcmeSite.open({
    zones: { [ourDomain]: [] },
  });
  work = await makeWorkFolder();
  knotAddress = `${site.knot.address}:${site.knot.port}`;
});
afterAll(async () => {
  await gateway?.stop();
  await site?.close();
  if (work !== undefined) await rm(work, { recursive: true, force: true });
});

test("from an empty state run obtains its certificate and federates with Prosody by SASL EXTERNAL", async () => {
  const { rig, knot, pebble } = site;
  const ours = await rig.place(ourDomain);
  const theirs = await rig.place(partner);
  const target = `edge.${ourDomain}`;
  await site.host.publish([
    {
      owner: `_xmpp-server._tcp.${ourDomain}`,
      ttl: 60,
      type: "SRV",
      priority: 0,
      weight: 0,
      port: ours.s2sPort,
      target,
    },
    { owner: target, ttl: 60, type: "A", address: ours.address },
  ]);
  const resolver = await rig.startUnbound({
    records: serverRecords(theirs),
    stubZones: [{ zone: ourDomain, address: knot.address, port: knot.port }],
  });
  const definition: EdgeInput = {
    name: "contoso",
    accessEdge: { fqdn: target, addresses: ["198.51.100.7"] },
    domains: [{ name: ourDomain }],
    certificate: { key: { type: "ECDSA" }, source: { kind: "acme", directory: pebble.directory } },
    dns: { kind: "rfc2136", server: knotAddress, tsigKeyFile: join(work, "tsig.key") },
    internal: { kind: "sandbox", users: [] },
    partners: [{ domain: partner, partnerType: "Federated", supportDialbackNegotiation: false }],
  };
  await writeFile(join(work, "edge.json"), JSON.stringify(definition));
  await writeFile(join(work, "tsig.key"), knot.tsigKey, { mode: 0o600 });
  await writeFile(join(work, "anchors.pem"), rig.authority.caPem);
  const store = join(work, "certificates");
  gateway = new WatchedProcess("gateway", [
    ...lifeline,
    "env",
    "XMPP_EDGE_ACME_AGREE_TERMS=true",
    `XMPP_EDGE_ACME_ANCHORS=${join(work, "anchors.pem")}`,
    `XMPP_EDGE_ACME_NAME_SERVER=${knotAddress}`,
    process.execPath,
    program(),
    "run",
    join(work, "edge.json"),
    ...["--listen", `${ours.address}:${ours.s2sPort}`],
    ...["--certificate-store", store],
    ...["--trust-anchors", join(work, "anchors.pem")],
    ...["--resolver", `${resolver.address}:${resolver.port}`],
    ...["--state", join(work, "state")],
    ...["--admin", `${ours.address}:${await freePort(ours.address, 9269)}`],
    ...["--allow-private-targets", "127.0.0.0/8"],
  ]);
  await gateway.waitForLog(/waiting-for-certificate/);
  await gateway.waitForLog(/certificate-obtained/);
  await gateway.waitForLog(/"ready":true/);

  const issued = await rig.issueFor(partner);
  const prosody = await rig.startProsody(theirs, {
    mode: "external",
    resolver,
    accounts: ["juliet"],
    certificates: { ...issued, caPem: issued.caPem + (await pebble.rootPem()) },
  });
  const juliet = await rig.login(prosody, "juliet");
  juliet.message(`echo@${ourDomain}`, "by whose certificate?");
  await juliet.waitForMessage(`echo@${ourDomain}`, "by whose certificate?");

  const written = gateway.log.join("\n");
  for (const key of privateKeysBelow(store)) expect(written).not.toContain(key);
});

test("told to stop, it takes the renewing process with it", async () => {
  expect(renewing()).toHaveLength(1);
  gateway.kill("SIGTERM");
  await expect(gateway.exited).resolves.toBe("exit code 143");
  expect(renewing()).toEqual([]);
});

/** The processes that work on our store by `certificate acme`. */
function renewing(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return command.includes("certificate\0acme") && command.includes(work);
    } catch {
      return false; // it has just ended
    }
  });
}

/** The middle line of each private key's PEM: what must be in no log. Every file with one is its owner's alone. */
function privateKeysBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const file = join(folder, name);
    if (!statSync(file).isFile()) return [];
    const text = readFileSync(file, "utf8");
    const [, body] = /BEGIN PRIVATE KEY-----(?:\\n|\n)([^\\\n]+)/.exec(text) ?? [];
    if (body === undefined) return [];
    expect(statSync(file).mode & 0o077).toBe(0);
    return [body];
  });
}
