import { chown, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { defineEdge, gatewayDocument, localRun } from "../../src/definition";
import { serveRecords } from "../../src/dns/server";
import { type BuiltImage, buildImage } from "../../src/gateway/image";
import { pushImage } from "../../src/gateway/image/registry";
import { alice, bob, ourDomain } from "./rig/federation";
import { program, readyLine } from "./rig/gateway";
import { Container, Podman } from "./rig/podman";
import { freePort } from "./rig/ports";
import { type Registry, startRegistry } from "./rig/registry";
import { PeerRig } from "./rig/rig";
import { SandboxUser } from "./rig/sandbox-user";
import { serverRecords } from "./rig/unbound";
import { until } from "./rig/until";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
const juliet = `juliet@${partner}`;
const user = 10001;

let rig: PeerRig;
let registry: Registry;
let podman: Podman;
let image: BuiltImage;
let container: Container | undefined;
let readyAfter: { readonly ms: number; readonly processor: number };
let client: XmppClient;
let ours: SandboxUser;
/** Options of run, with paths as they are inside. */
let options: readonly string[];
const secrets = ["edge.pem", "edge.key", "anchors.pem"];

beforeAll(async () => {
  program(); // the build that goes into the image
  rig = await PeerRig.open();
  for (const name of ["docker-registry", "podman", "runc"]) rig.witness(name);
  const work = await makeWorkFolder();
  rig.own(work, () => rm(work, { recursive: true, force: true }));
  const place = await rig.place(ourDomain);
  const definition = defineEdge({
    name: "contoso",
    accessEdge: { fqdn: `edge.${ourDomain}`, addresses: ["198.51.100.7"] },
    domains: [{ name: ourDomain }],
    internal: { kind: "sandbox", users: [alice, bob] },
    partners: [{ domain: partner, partnerType: "Federated" }],
  });
  const facts = localRun(definition, { address: place.address, port: place.s2sPort });
  image = await buildImage({
    definitionDocument: gatewayDocument(definition),
    output: join(work, "layout"),
    platforms: ["linux/amd64"],
    cache: resolve(__dirname, "../../.cache/image"),
  });

  const address = rig.network.address();
  registry = await startRegistry({ address, port: await freePort(address, 5000) });
  rig.own(registry, () => registry.stop());
  podman = await Podman.open({ plainRegistries: [registry.host] });
  rig.own(podman, () => podman.close());

  const nameServer = await rig.nameServerPlace();
  const zone = await serveRecords({ ...nameServer, records: facts.dns.records });
  rig.own(zone, () => zone.close());
  const theirs = await rig.place(partner);
  const resolver = await rig.startUnbound({
    records: serverRecords(theirs),
    stubZones: [{ zone: ourDomain, address: nameServer.address, port: zone.port }],
  });
  const prosody = await rig.startProsody(theirs, { mode: "external", resolver, accounts: ["juliet"] });
  client = await rig.login(prosody, "juliet");

  const certificates = await rig.authority.issue({ names: facts.certificate.names.map(({ name }) => name) });
  for (const [name, text] of Object.entries({
    "edge.pem": certificates.certPem,
    "edge.key": certificates.keyPem,
    "anchors.pem": certificates.caPem,
  })) {
    await writeFile(join(podman.work, name), text, { mode: 0o400 });
    await chown(join(podman.work, name), user, user);
  }
  const repository = `${registry.host}/edge/gateway`;
  const { reference } = await pushImage({ layout: image.layout, repository, digest: image.digest, tag: "v1" });
  await podman.command("pull", "--quiet", reference);
  options = [
    ...["--listen", `${place.address}:${place.s2sPort}`, "--admin", `${place.address}:0`],
    ...["--certificate", "/run/secrets/edge.pem", "--key", "/run/secrets/edge.key"],
    ...["--trust-anchors", "/run/secrets/anchors.pem", "--resolver", `${resolver.address}:${resolver.port}`],
    ...["--allow-private-targets", "127.0.0.0/8"],
  ];
  const mounted = secrets.flatMap((name) => ["--volume", `${podman.inside(name)}:/run/secrets/${name}:ro`]);
  const started = performance.now();
  container = podman.start({
    name: "gateway",
    image: reference,
    options: [...mounted, "--volume", "state:/var/lib/xmpp-edge"],
    arguments: ["run", "/etc/xmpp-edge/document.json", ...options],
  });
  const { admin } = await container.process.waitForLine("its line of readiness", readyLine);
  readyAfter = { ms: performance.now() - started, processor: await container.processorTime() };
  const state = join(podman.work, "graph/volumes/state/_data/state");
  const token = (await readFile(join(state, "sandbox.token"), "utf8")).trim();
  ours = new SandboxUser(alice, async (method, path, body) => {
    const response = await fetch(`http://${admin}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  });
});
afterAll(() => rig?.close());

describe("the gateway out of its image, pushed to a registry and pulled by digest, under podman", () => {
  // By the clock it is the bench's matter (bench/container.ts): what else the machine does is not the image's fault.
  test("is ready after less than a second of work", () => {
    const { ms, processor } = readyAfter;
    process.stderr.write(`podman run to ready: ${ms.toFixed(0)} ms, ${processor} ms of them the gateway's own work\n`);
    expect(processor).toBeGreaterThan(0);
    expect(processor).toBeLessThan(1_000);
  });

  test("runs as an ordinary user without any capability, and can gain none", async () => {
    const status = await container!.proc("status");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${user}\\s+${user}\\s+${user}\\s+${user}$`, "m"));
    expect(status).toMatch(new RegExp(`^Gid:\\s+${user}\\s`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  test("writes to its state alone", async () => {
    const attempt = (path: string) =>
      podman.command(
        ...["exec", "gateway", "/usr/local/bin/node", "-e"],
        `try { require("fs").writeFileSync(${JSON.stringify(path)}, "x"); console.log("written") } catch (e) { console.log(e.code) }`,
      );
    for (const path of ["/opt/xmpp-edge/x", "/etc/xmpp-edge/document.json", "/x"])
      expect((await attempt(path)).trim()).toMatch(/^(?:EROFS|EACCES)$/);
    expect((await attempt("/var/lib/xmpp-edge/probe")).trim()).toBe("written");
    const { HostConfig } = (await container!.inspect()) as { HostConfig: { ReadonlyRootfs: boolean } };
    expect(HostConfig.ReadonlyRootfs).toBe(true);
  });

  test("is the image of that digest", async () => {
    const { ImageDigest } = await container!.inspect();
    expect(ImageDigest).toBe(image.digest);
  });

  test("exchanges messages with a partner's Prosody, each way", async () => {
    client.message(alice, "from the partner");
    await ours.waitForMessage(client.fullJid, "from the partner");
    await ours.message(juliet, "out of the container");
    await client.waitForMessage(alice, "out of the container");
  });

  test("ends in order at SIGTERM", async () => {
    // podman kills what has not ended after 15 s, which would be told as 137.
    await expect(container!.stop()).resolves.toBe("exit code 143");
    expect(container!.process.log.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });
});

test("xmpp-edge image run does the same out of the layout, without a registry, and stops it in order", async () => {
  // podman as it is on PATH elsewhere. Here it is on a machine of its own, and nsenter hands no signal on to it.
  const engine = join(image.layout, "..", "podman");
  const quoted = podman.enter(["podman"]).map((word) => `'${word}'`);
  const script = [
    "#!/bin/sh",
    `exec 3<&0; ${quoted.join(" ")} "$@" <&3 &`,
    "trap 'kill -TERM $(cat /proc/$!/task/$!/children)' TERM",
    "wait $!",
    'while [ -d "/proc/$!" ]; do wait $!; done',
    "wait $!",
  ];
  await writeFile(engine, `${script.join("\n")}\n`, { mode: 0o755 });
  const command = new WatchedProcess("xmpp-edge image run", [
    ...lifeline,
    ...[process.execPath, program(), "image", "run", image.layout, "--engine", engine, "--state", "state"],
    ...secrets.flatMap((name) => ["--mount", `${podman.inside(name)}:/run/secrets/${name}`]),
    ...["--", ...options],
  ]);
  rig.own(command, () => command.stop());
  await command.waitForLog(/^\{"ready":true/);
  expect(command.log.find((line) => line.includes(" run --rm "))).toContain("--read-only --user 10001:10001");
  const [running] = JSON.parse(await podman.command("ps", "--format", "json")) as { Id: string }[];
  const inspected = await new Container(podman, running!.Id, command).proc("status");
  expect(inspected).toMatch(/^CapBnd:\s+0+$/m);
  command.kill("SIGTERM");
  await expect(command.exited).resolves.toBe("exit code 143");
  await until("no container left", async () =>
    (await podman.command("ps", "--all", "--quiet")).trim() === "" ? true : undefined,
  );
});
