import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import type { EdgeInput } from "../../src/definition";
import { AcmeSite } from "./rig/acme-site";
import { program } from "./rig/gateway";
import { freePort, LoopbackNetwork } from "./rig/ports";
import { serverRecords } from "./rig/unbound";
import { until } from "./rig/until";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";

const ourDomain = "contoso.example";
const edge = `edge.${ourDomain}`;
const partner = "partner.example";

/** The option by which the CA's port is moved for these tests. */
const LISTEN = {
  "http-01": ["XMPP_EDGE_ACME_HTTP_LISTEN", "--http-listen"],
  "tls-alpn-01": ["XMPP_EDGE_ACME_TLS_ALPN_LISTEN", "--tls-alpn-listen"],
} as const;

describe.each(["http-01", "tls-alpn-01"] as const)("by %s alone, without a right on any DNS", (challenge) => {
  let site: AcmeSite;
  let work: string;
  let place: { readonly address: string; readonly s2sPort: number };
  let network: LoopbackNetwork;
  /** Where the CA comes to. */
  let address: string;
  let port: number;

  beforeAll(async () => {
    network = await LoopbackNetwork.claim();
    address = network.address();
    port = await freePort(address, 5600);
    site = await AcmeSite.open({
      zones: { [ourDomain]: [`${edge}. 60 IN A ${address}`, `${ourDomain}. 60 IN A ${address}`] },
      challengePorts: { http: port, tls: port },
    });
    place = await site.rig.place(ourDomain);
    work = await makeWorkFolder();
    await writeFile(join(work, "anchors.pem"), site.rig.authority.caPem);
  });
  afterAll(async () => {
    await site?.close();
    await network?.release();
    if (work !== undefined) await rm(work, { recursive: true, force: true });
  });

  async function definition(more: Partial<EdgeInput> = {}): Promise<string> {
    const file = join(work, "edge.json");
    const input: EdgeInput = {
      name: "contoso",
      accessEdge: { fqdn: edge, addresses: ["198.51.100.7"] },
      domains: [{ name: ourDomain }],
      certificate: { key: { type: "ECDSA" }, source: { kind: "acme", directory: site.pebble.directory, challenge } },
      internal: { kind: "sandbox", users: [] },
      partners: [{ domain: partner, partnerType: "Federated", supportDialbackNegotiation: false }],
      ...more,
    };
    await writeFile(file, JSON.stringify(input));
    return file;
  }

  /** One call of the command; its exit code or signal. */
  function acme(file: string, store: string) {
    const [, option] = LISTEN[challenge];
    const child = spawn(
      process.execPath,
      [
        ...[program(), "certificate", "acme", file, "--store", store, "--agree-terms"],
        ...["--acme-anchors", join(work, "anchors.pem"), option, `${address}:${port}`],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) =>
      child.once("close", (code, signal) => resolve({ code, signal, stderr })),
    );
    return { child, ended };
  }

  const isListening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });

  test("killed by SIGKILL while it listens, the command goes on where it was", async () => {
    const [file, store] = [await definition(), join(work, "killed")];
    const { child, ended } = acme(file, store);
    await until("the command to listen", async () => (await isListening()) || undefined, { interval: 5 });
    child.kill("SIGKILL");
    expect(await ended).toMatchObject({ signal: "SIGKILL" });
    expect(await isListening()).toBe(false);
    expect(openCertificateStore(store).live()).toBeUndefined();
    let last = await acme(file, store).ended;
    // Pebble asks once. If it did while nobody was there, the order is over, and the next call begins anew.
    if (last.code !== 0) last = await acme(file, store).ended;
    expect(last).toMatchObject({ code: 0 });
    expect(openCertificateStore(store).certificates()).toHaveLength(1);
    expect(await isListening()).toBe(false);
  });

  test("run obtains its certificate from an empty state and federates with Prosody by SASL EXTERNAL", async () => {
    const { rig, knot, pebble } = site;
    const theirs = await rig.place(partner);
    const target = `s2s.${ourDomain}`;
    await site.host.publish([
      {
        owner: `_xmpp-server._tcp.${ourDomain}`,
        ttl: 60,
        type: "SRV",
        priority: 0,
        weight: 0,
        port: place.s2sPort,
        target,
      },
      { owner: target, ttl: 60, type: "A", address: place.address },
    ]);
    const resolver = await rig.startUnbound({
      records: serverRecords(theirs),
      stubZones: [{ zone: ourDomain, address: knot.address, port: knot.port }],
    });
    const [variable] = LISTEN[challenge];
    const gateway = new WatchedProcess("gateway", [
      ...lifeline,
      "env",
      "XMPP_EDGE_ACME_AGREE_TERMS=true",
      `XMPP_EDGE_ACME_ANCHORS=${join(work, "anchors.pem")}`,
      `${variable}=${address}:${port}`,
      process.execPath,
      program(),
      "run",
      await definition(),
      ...["--listen", `${place.address}:${place.s2sPort}`],
      ...["--certificate-store", join(work, "run")],
      ...["--trust-anchors", join(work, "anchors.pem")],
      ...["--resolver", `${resolver.address}:${resolver.port}`],
      ...["--state", join(work, "state")],
      ...["--admin", `${place.address}:${await freePort(place.address, 9269)}`],
      ...["--allow-private-targets", "127.0.0.0/8"],
    ]);
    try {
      await gateway.waitForLog(/certificate-obtained/);
      await gateway.waitForLog(/"ready":true/);
      expect(await isListening()).toBe(false);
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
    } finally {
      await gateway.stop();
    }
  });

  test("an option of another challenge is refused, and a place without a port", async () => {
    const wrong = (...options: string[]) => {
      const child = spawn(process.execPath, [program(), "certificate", "acme", join(work, "edge.json"), ...options], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      return new Promise((resolve) => child.once("close", (code) => resolve({ code, stderr })));
    };
    const store = ["--store", join(work, "wrong")];
    await definition();
    expect(await wrong(...store, "--manual")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`--manual is given, and the definition has its names proved by ${challenge}`),
    });
    expect(await wrong(...store, "--http-listen", "127.0.0.1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Give an address and a port"),
    });
  });
});
