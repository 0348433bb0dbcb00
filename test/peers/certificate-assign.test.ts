import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { CertificateRecord } from "../../src/certificate/store/certificate-store";
import { type EdgeInput, localRun, parseDefinition } from "../../src/definition";
import { serveRecords } from "../../src/dns/server";
import { type OpensslCa, opensslCa, textOf } from "../cli/certificate/openssl-ca";
import { runCli } from "../cli/run-cli";
import { program } from "./rig/gateway";
import { freePort } from "./rig/ports";
import type { Prosody } from "./rig/prosody";
import { PeerRig, type ServerPlace } from "./rig/rig";
import { serverRecords } from "./rig/unbound";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";
import type { XmppClient } from "./rig/xmpp-client";

/**
 * Request, openssl as the CA, import and assign on a gateway that runs. Prosody tells which certificate it was shown by
 * how it lets us in: it trusts the second CA and not the first, for which it takes dialback.
 */
const ourDomain = "contoso.example";
const echo = `echo@${ourDomain}`;
/** One after the other they open their first streams. */
const [first, second, third] = ["first.example", "second.example", "third.example"] as const;

let rig: PeerRig;
let work: string;
let ours: ServerPlace;
let gateway: WatchedProcess;
let prosody: Prosody;
let unknownCa: OpensslCa;
let knownCa: OpensslCa;
const clients = new Map<string, XmppClient>();

const file = (name: string) => join(work, name);
const definition: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: `edge.${ourDomain}`, addresses: ["198.51.100.7"] },
  domains: [{ name: ourDomain }],
  certificate: { key: { type: "ECDSA" } },
  internal: { kind: "sandbox", users: [] },
  partners: [
    {
      domain: first,
      additionalDomains: [second, third],
      partnerType: "Federated",
      saslNegotiation: "Optional",
    },
  ],
};

async function certificate(verb: string, ...args: readonly string[]): Promise<unknown> {
  const run = await runCli(["certificate", verb, ...args, "--store", file("store"), "--json"]);
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(run.stdout);
}

/** Requests a certificate, has a CA sign it, imports it; makes nothing live. */
async function obtain(ca: OpensslCa, name: string): Promise<CertificateRecord> {
  await certificate("request", file("edge.json"), "--out", file(`${name}.csr`));
  const reply = ca.sign(file(`${name}.csr`), `${name}.pem`);
  const imported = await certificate("import", file("edge.json"), reply, "--trust-anchors", ca.rootFile);
  return (imported as { certificate: CertificateRecord }).certificate;
}

/** A message to our echo and back, by which the domain's streams are there. */
async function exchange(domain: string, body: string): Promise<void> {
  const client = clients.get(domain) ?? (await rig.login({ ...prosody, domain }, "juliet"));
  clients.set(domain, client);
  client.message(echo, body);
  await client.waitForMessage(echo, body);
}

/** How Prosody let the pair's streams in, both ways. */
async function methods(domain: string): Promise<string[]> {
  const [to, from] = [
    await prosody.waitForStream("outgoing", ourDomain, { local: domain }),
    await prosody.waitForStream("incoming", ourDomain, { local: domain }),
  ];
  return [to, from];
}

/** SHA-256 of the certificate that a new connection is shown. */
function shown(): string {
  const out = execFileSync(
    "openssl",
    ["s_client", "-connect", `${ours.address}:${ours.s2sPort}`, "-starttls", "xmpp-server", "-xmpphost", ourDomain],
    { input: "", stdio: ["pipe", "pipe", "ignore"], encoding: "utf8" },
  );
  return new X509Certificate(out.slice(out.indexOf("-----BEGIN"))).fingerprint256.replaceAll(":", "").toLowerCase();
}

const reloaded = (sha256: string, from: number) =>
  gateway.waitForLog(new RegExp(`"certificate-reloaded","domains":\\["${ourDomain}"\\],"sha256":"${sha256}"`), {
    from,
  });

beforeAll(async () => {
  rig = await PeerRig.open();
  work = await makeWorkFolder();
  [unknownCa, knownCa] = [opensslCa(file("unknown-ca")), opensslCa(file("known-ca"))];
  ours = await rig.place(ourDomain);
  const theirs = await rig.place(first);
  writeFileSync(file("edge.json"), JSON.stringify(definition));
  writeFileSync(file("anchors.pem"), rig.authority.caPem);
  const { dns } = localRun(parseDefinition(definition).definition!, { address: ours.address, port: ours.s2sPort });
  const address = rig.network.address();
  const names = await serveRecords({ address, port: await freePort(address, 5300), records: dns.records });
  rig.own(names, () => names.close());
  const resolver = await rig.startUnbound({
    records: [first, second, third].flatMap((domain) => serverRecords({ ...theirs, domain })),
    stubZones: [{ zone: ourDomain, address, port: names.port }],
  });
  const issued = await rig.authority.issue({ names: [first, second, third] });
  prosody = await rig.startProsody(theirs, {
    additionalDomains: [second, third],
    mode: "any",
    resolver,
    accounts: ["juliet"],
    certificates: { ...issued, caPem: issued.caPem + textOf(knownCa.rootFile) },
  });
  const { id } = await obtain(unknownCa, "first");
  await certificate("assign", file("edge.json"), id);
  gateway = new WatchedProcess("gateway", [
    ...lifeline,
    process.execPath,
    program(),
    "run",
    file("edge.json"),
    ...["--listen", `${ours.address}:${ours.s2sPort}`],
    ...["--certificate-store", file("store")],
    ...["--trust-anchors", file("anchors.pem")],
    ...["--resolver", `${resolver.address}:${resolver.port}`],
    ...["--state", file("state")],
    ...["--admin", `${ours.address}:0`],
    ...["--allow-private-targets", "127.0.0.0/8"],
  ]);
  rig.own(gateway, () => gateway.stop());
  await gateway.waitForLog(/"ready":true/);
  await exchange(first, "by the first certificate");
});
afterAll(() => rig?.close());

test("a certificate of a CA that Prosody does not know is let in by dialback", async () => {
  expect(await methods(first)).toEqual(["external", "tls-dialback"]);
});

test("another one is live at once: streams stay up, and Prosody's next stream sees it", async () => {
  const next = await obtain(knownCa, "second");
  const [ourLines, theirLines] = [gateway.log.length, prosody.process.log.length];
  await certificate("assign", file("edge.json"), next.id);
  await reloaded(next.sha256, ourLines);
  expect(shown()).toBe(next.sha256);

  await exchange(first, "on the streams that stand");
  const since = () => prosody.process.log.slice(theirLines).join("\n");
  expect(since()).not.toMatch(/s2s (stream|connection) .*first\.example.*(closed|complete)/);

  await exchange(second, "on new streams");
  expect(await methods(second)).toEqual(["external", "external"]);
  await exchange(first, "still on the streams that stand");
  expect(since()).not.toMatch(/s2s (stream|connection) .*first\.example.*(closed|complete)/);
});

test("one command takes it back, and the next stream sees the one before", async () => {
  const from = gateway.log.length;
  const { live } = (await certificate("roll-back")) as { live: CertificateRecord };
  await reloaded(live.sha256, from);
  expect(shown()).toBe(live.sha256);
  await exchange(third, "on new streams again");
  expect(await methods(third)).toEqual(["external", "tls-dialback"]);
});

test("no key of all this is in the log", () => {
  expect(gateway.log.join("\n")).not.toContain("PRIVATE KEY");
});
