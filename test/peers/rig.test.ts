import { spawn, spawnSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { peerRoot } from "./rig/peer-root";
import type { Prosody } from "./rig/prosody";
import { authenticatedStreams, type FederationMethod } from "./rig/prosody-log";
import { PeerRig } from "./rig/rig";
import { child } from "./rig/stanza";
import { serverRecords, startUnbound } from "./rig/unbound";
import { until } from "./rig/until";
import { makeWorkFolder } from "./rig/work-folder";
import type { XmppClient } from "./rig/xmpp-client";

const methods: FederationMethod[] = ["external", "tls-dialback", "tcp-dialback"];

describe.each(methods)("two Prosodys that federate by %s", (method) => {
  let rig: PeerRig;
  let a: Prosody;
  let b: Prosody;
  let juliet: XmppClient;
  let romeo: XmppClient;

  beforeAll(async () => {
    rig = await PeerRig.open();
    const [placeA, placeB] = [await rig.place("a.example"), await rig.place("b.example")];
    const resolver = await rig.startUnbound({ records: [placeA, placeB].flatMap(serverRecords) });
    a = await rig.startProsody(placeA, { mode: method, resolver, accounts: ["juliet"] });
    b = await rig.startProsody(placeB, { mode: method, resolver, accounts: ["romeo.montague"] });
    juliet = await rig.login(a, "juliet");
    romeo = await rig.login(b, "romeo.montague");
  });
  afterAll(() => rig?.close());

  test("carry a message each way", async () => {
    juliet.message(romeo.jid, "wherefore art thou <Romeo> & 'Montague'?");
    const question = await romeo.waitForMessage(juliet.fullJid, "wherefore art thou <Romeo> & 'Montague'?");
    expect(question.attributes).toMatchObject({ type: "chat", to: romeo.jid });
    romeo.message(juliet.fullJid, "by a name é 🌹");
    await juliet.waitForMessage(romeo.fullJid, "by a name é 🌹");
  });

  test("carry a subscription, and presence with its note after it", async () => {
    juliet.subscribe(romeo.jid);
    await romeo.waitForPresence(juliet.jid, "subscribe");
    romeo.accept(juliet.jid);
    await juliet.waitForPresence(romeo.jid, "subscribed");
    romeo.presence({ show: "away", status: "on the balcony" });
    const noted = await juliet.waitFor(
      "presence with a note",
      (stanza) => stanza.name === "presence" && child(stanza, "status")?.text === "on the balcony",
    );
    expect(noted.attributes.from).toBe(romeo.fullJid);
    expect(child(noted, "show")?.text).toBe("away");
    await expect(juliet.contacts()).resolves.toEqual({ [romeo.jid]: "to" });
  });

  test("return a message for a user who does not exist, under its id", async () => {
    juliet.message("nobody@b.example", "hello?", { id: "lost" });
    const error = await juliet.waitForError("lost");
    expect(error.attributes.from).toBe("nobody@b.example");
    expect(child(error, "error")?.children[0]?.name).toBe("service-unavailable");
  });

  test("log that method, and no other, in both directions", async () => {
    for (const [prosody, partner] of [
      [a, "b.example"],
      [b, "a.example"],
    ] as const) {
      await expect(prosody.waitForStream("outgoing", partner)).resolves.toBe(method);
      await expect(prosody.waitForStream("incoming", partner)).resolves.toBe(method);
      expect(new Set(authenticatedStreams(prosody.process.log).map((stream) => stream.method))).toEqual(
        new Set([method]),
      );
    }
  });
});

describe("the rig", () => {
  let rig: PeerRig;

  beforeAll(async () => {
    rig = await PeerRig.open();
  });
  afterAll(() => rig?.close());

  test("keeps servers apart that have no method in common", async () => {
    const [placeA, placeB] = [await rig.place("a.example"), await rig.place("b.example")];
    const resolver = await rig.startUnbound({ records: [placeA, placeB].flatMap(serverRecords) });
    const a = await rig.startProsody(placeA, { mode: "external", resolver, accounts: ["juliet"] });
    const b = await rig.startProsody(placeB, { mode: "tcp-dialback", resolver, accounts: ["romeo"] });
    for (const [from, account, to] of [
      [a, "juliet", "romeo@b.example"],
      [b, "romeo", "juliet@a.example"],
    ] as const) {
      const client = await rig.login(from, account);
      client.message(to, "never arrives", { id: "refused" });
      const error = await client.waitForError("refused");
      expect(child(error, "error")?.children[0]?.name).toMatch(/^remote-server-/);
    }
  });

  test("refuses a partner whose certificate has expired", async () => {
    const [placeA, placeB] = [await rig.place("a.example"), await rig.place("b.example")];
    const resolver = await rig.startUnbound({ records: [placeA, placeB].flatMap(serverRecords) });
    const certificates = await rig.issueFor("a.example", { validFrom: -20, validTo: -1 });
    const a = await rig.startProsody(placeA, { mode: "external", resolver, accounts: ["juliet"], certificates });
    const b = await rig.startProsody(placeB, { mode: "external", resolver, accounts: [] });
    const juliet = await rig.login(a, "juliet");
    juliet.message("romeo@b.example", "never arrives", { id: "refused" });
    await juliet.waitForError("refused");
    await b.process.waitForLog(/certificate chain validation result: invalid/);
  });

  test("resolves a zone of somebody else's authoritative server, and refuses what it was not told about", async () => {
    const server = { domain: "a.example", address: "127.0.0.9", s2sPort: 5299 };
    const authority = await rig.startUnbound({ records: serverRecords(server) });
    const unbound = await rig.startUnbound({ stubZones: [{ zone: "a.example", ...authority }] });
    const resolver = new Resolver();
    resolver.setServers([`${unbound.address}:${unbound.port}`]);
    await expect(resolver.resolveSrv("_xmpp-server._tcp.a.example")).resolves.toEqual([
      { name: "xmpp.a.example", port: 5299, priority: 0, weight: 5 },
    ]);
    await expect(resolver.resolve4("xmpp.a.example")).resolves.toEqual(["127.0.0.9"]);
    await expect(resolver.resolve4("xmpp.c.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await expect(resolver.resolve4("xmpp.invalid")).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EREFUSED/),
    });
  });

  test("refuses to start a server where another listens", async () => {
    const { address, port } = await rig.startUnbound({});
    await expect(startUnbound({ address, port })).rejects.toMatchObject({
      code: "address-taken",
      message: expect.stringContaining(`${address} port ${port}`),
    });
  });

  test("tells why a server ended instead of starting", async () => {
    const place = await rig.place("a.example");
    const resolver = { address: "127.0.0.9", port: 5300 };
    const start = rig.startProsody(place, { mode: "external", resolver, accounts: [], extra: ["this is not Lua"] });
    await expect(start).rejects.toMatchObject({
      code: "peer-exited",
      message: expect.stringContaining("prosody.cfg.lua"),
    });
  });

  test("waits for a port, and tells when the server ends before it listens", async () => {
    const { address, port, process, stop } = await rig.startUnbound({});
    await expect(process.waitForPort(address, port)).resolves.toBeUndefined();
    const never = expect(process.waitForPort(address, port + 1)).rejects.toMatchObject({ code: "peer-exited" });
    await stop();
    await never;
  });

  test("tells that a login was refused", async () => {
    const place = await rig.place("a.example");
    await rig.startProsody(place, { mode: "external", resolver: { address: "127.0.0.9", port: 5300 }, accounts: [] });
    await expect(rig.login(place, "stranger")).rejects.toMatchObject({ code: "client-refused" });
  });

  test("gives every open rig a loopback network of its own", async () => {
    const other = await PeerRig.open();
    try {
      expect(other.network.address().split(".").slice(0, 3)).not.toEqual(rig.network.address().split(".").slice(0, 3));
    } finally {
      await other.close();
    }
  });

  test("leaves no server behind when the test run is killed", async () => {
    // A process like a test run's, which starts a server that would run for a minute, and is killed.
    const folder = await makeWorkFolder();
    rig.own(folder, () => rm(folder, { recursive: true, force: true }));
    const [bundle, run] = [join(folder, "peer-process.cjs"), join(folder, "run.cjs")];
    const project = resolve(__dirname, "../..");
    const rigFolder = `--define:__dirname="${join(__dirname, "rig")}"`;
    const options = ["--bundle", "--platform=node", "--format=cjs", rigFolder, `--outfile=${bundle}`];
    const built = spawnSync(
      join(project, "node_modules/.bin/esbuild"),
      [join(__dirname, "rig/peer-process.ts"), ...options],
      { encoding: "utf8" },
    );
    expect(built.stderr).not.toContain("error");
    const { folder: rootFolder, namespace } = peerRoot();
    const program = { name: "sleeper", command: ["sh", "-c", "echo started $$; exec sleep 60"], work: folder };
    await writeFile(
      run,
      `const { PeerProcess } = require(${JSON.stringify(bundle)});
       const root = ${JSON.stringify({ folder: rootFolder, namespace })};
       new PeerProcess(root, ${JSON.stringify(program)}).waitForLog(/started/).then(console.log);`,
    );
    const killed = spawn(process.execPath, [run], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(killed.stdout, "data")) as [Buffer];
    const pid = Number(/started (\d+)/.exec(line.toString())?.[1]);
    expect(isAlive(pid)).toBe(true);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    await until("the end of the sleeper", () => (isAlive(pid) ? undefined : true));
  });
});

/** A process that has ended but that nobody has asked about yet ("Z") is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
