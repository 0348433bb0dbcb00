import { X509Certificate } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { defineEdge, type EdgeInput, type GatewayDocument, gatewayDocument } from "../../src/definition";
import { probe } from "../../src/dns/probe";
import { AcmStandIn } from "../stand-in-aws/acm";
import { LogsStandIn } from "../stand-in-aws/logs";
import { S3StandIn } from "../stand-in-aws/s3";
import { AwsStandIn } from "../stand-in-aws/stand-in";
import { AcmeSite } from "./rig/acme-site";
import { program } from "./rig/gateway";
import { PATIENCE } from "./rig/patience";
import type { Prosody } from "./rig/prosody";
import type { ServerPlace } from "./rig/rig";
import { serverRecords, type Unbound } from "./rig/unbound";
import { until } from "./rig/until";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";

// A host as the cloud has it: no definition, only a compiled document; what it needs of AWS is a stand-in's.
const ourDomain = "contoso.example";
const secondDomain = "northwind.example";
const partner = "partner.example";
const target = `edge.${ourDomain}`;
const [BUCKET, KEY, GROUP] = ["edge-1", "gateway-document.json", "/xmpp-edge/contoso"];
const ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

let site: AcmeSite;
let work: string;
let ours: ServerPlace;
let resolver: Unbound;
let prosody: Prosody;
let gateway: WatchedProcess | undefined;

beforeAll(async () => {
  site = await AcmeSite.open({ zones: { [ourDomain]: [], [secondDomain]: [] } });
  work = await makeWorkFolder();
  const { rig, knot, pebble } = site;
  ours = await rig.place(ourDomain);
  const theirs = await rig.place(partner);
  const srv = { ttl: 60, type: "SRV", priority: 0, weight: 0, port: ours.s2sPort, target } as const;
  await site.host.publish([
    { owner: `_xmpp-server._tcp.${ourDomain}`, ...srv },
    { owner: `_xmpp-server._tcp.${secondDomain}`, ...srv },
    { owner: target, ttl: 60, type: "A", address: ours.address },
  ]);
  resolver = await rig.startUnbound({
    records: serverRecords(theirs),
    stubZones: [ourDomain, secondDomain].map((zone) => ({ zone, address: knot.address, port: knot.port })),
  });
  await writeFile(join(work, "tsig.key"), knot.tsigKey, { mode: 0o600 });
  await writeFile(join(work, "anchors.pem"), rig.authority.caPem);
  const issued = await rig.issueFor(partner);
  prosody = await rig.startProsody(theirs, {
    mode: "external",
    resolver,
    accounts: ["juliet"],
    certificates: { ...issued, caPem: issued.caPem + (await pebble.rootPem()) },
  });
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(async () => {
  await site?.close();
  if (work !== undefined) await rm(work, { recursive: true, force: true });
});

/** What a deploy would have compiled; the name of a key file that is not on the host stays behind. */
function document(change: Partial<EdgeInput> = {}): GatewayDocument {
  const { knot, pebble } = site;
  return gatewayDocument(
    defineEdge({
      name: "contoso",
      accessEdge: { fqdn: target, addresses: ["198.51.100.7"] },
      domains: [{ name: ourDomain }],
      certificate: { key: { type: "ECDSA" }, source: { kind: "acme", directory: pebble.directory } },
      dns: { kind: "rfc2136", server: `${knot.address}:${knot.port}`, tsigKeyFile: "/not/on/this/host" },
      internal: { kind: "sandbox", users: [] },
      partners: [{ domain: partner, partnerType: "Federated", supportDialbackNegotiation: false }],
      ...change,
    }),
  );
}

let runs = 0;
/** `run` with nothing but what a host has, from an empty state. */
function run(
  source: string,
  environment: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): WatchedProcess {
  const folder = join(work, `host-${++runs}`);
  const { knot } = site;
  const variables = {
    XMPP_EDGE_ACME_AGREE_TERMS: "true",
    XMPP_EDGE_ACME_ANCHORS: join(work, "anchors.pem"),
    XMPP_EDGE_ACME_NAME_SERVER: `${knot.address}:${knot.port}`,
    XMPP_EDGE_TSIG_KEY: join(work, "tsig.key"),
    AWS_EC2_METADATA_DISABLED: "true",
    ...environment,
  };
  gateway = new WatchedProcess("gateway", [
    ...lifeline,
    "env",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...[process.execPath, program(), "run", source],
    ...["--listen", `${ours.address}:${ours.s2sPort}`, "--admin", `${ours.address}:0`],
    ...["--certificate-store", join(folder, "certificates"), "--state", join(folder, "state")],
    ...["--trust-anchors", join(work, "anchors.pem"), "--resolver", `${resolver.address}:${resolver.port}`],
    ...["--allow-private-targets", "127.0.0.0/8"],
    ...more,
  ]);
  return gateway;
}

/** A message from the partner's Prosody is echoed, by SASL EXTERNAL on both sides. */
async function federates(text: string): Promise<void> {
  const juliet = await site.rig.login(prosody, "juliet");
  juliet.message(`echo@${ourDomain}`, text);
  await juliet.waitForMessage(`echo@${ourDomain}`, text);
}

async function namesServed(domain: string): Promise<string> {
  const { tls } = await probe({ domain, address: ours.address, port: ours.s2sPort });
  const [leaf] = tls?.chain ?? [];
  return leaf === undefined ? "none" : (new X509Certificate(leaf).subjectAltName ?? "");
}

test("from a compiled document and an empty state, run obtains its certificate and federates", async () => {
  const file = join(work, "document.json");
  await writeFile(file, JSON.stringify(document()));
  const running = run(file, {});
  await running.waitForLog(/certificate-obtained/);
  await running.waitForLog(/"ready":true/);
  await federates("from a file");
});

test("from S3 (a stand-in) it does the same, takes changes up, and ships its log and metrics", async () => {
  const s3 = new S3StandIn(BUCKET);
  const logs = new LogsStandIn([GROUP]);
  let aws = await new AwsStandIn(s3, logs).start();
  const { port } = aws;
  const began = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  try {
    s3.put(KEY, JSON.stringify(document({ revision: 1 })), began);
    const running = run(`s3://${BUCKET}/${KEY}`, aws.environment, [
      ...["--log-group", GROUP, "--log-stream", "host-1", "--metrics-interval", "1"],
    ]);
    await running.waitForLog(/certificate-obtained/);
    await running.waitForLog(/"ready":true/);
    const [ready = "{}"] = running.log.filter((line) => line.startsWith('{"ready":true'));
    const { pid } = JSON.parse(ready) as { pid: number };
    await federates("from a bucket");

    // Another local domain: taken up within 30 s, with a certificate for it, while the process and its streams stay.
    const domains = [{ name: ourDomain }, { name: secondDomain }];
    s3.put(KEY, JSON.stringify(document({ revision: 2, domains })), began + 10_000);
    const changedAt = Date.now();
    await running.waitForLog(/"event":"document-applied"/, { timeout: 30_000 });
    expect(Date.now() - changedAt).toBeLessThan(30_000);
    const obtained = running.log.length;
    await running.waitForLog(/certificate-obtained/, { from: obtained });
    await until(
      "the new domain's certificate",
      async () => (await namesServed(secondDomain)).includes(secondDomain) || undefined,
    );
    expect(running.log.filter((line) => line.includes('"ready":true'))).toHaveLength(1);

    // Whatever may come of the bucket that is no newer, good document: the one that runs stays.
    const refusals: readonly [string, string | Buffer, number][] = [
      ["older", JSON.stringify(document({ revision: 3, domains: [{ name: ourDomain }] })), began + 5_000],
      ["rolled back", JSON.stringify(document({ revision: 1 })), began + 20_000],
      ["truncated", JSON.stringify(document({ revision: 4, domains })).slice(0, 500), began + 30_000],
      ["naming an image", JSON.stringify({ ...document({ revision: 4, domains }), image: "evil" }), began + 30_000],
    ];
    for (const [name, body, at] of refusals) {
      const from = running.log.length;
      s3.put(KEY, body, at);
      process.kill(pid, "SIGHUP"); // looks at once
      const line = await running.waitForLog(/document-refused/, { from });
      expect([name, line]).toEqual([name, expect.stringContaining("remedy")]);
    }
    await federates("still there");

    // S3 and CloudWatch out of reach: said once each, and what runs stays.
    const from = running.log.length;
    await aws.stop();
    await running.waitForLog(/"event":"document-unreachable"/, { from });
    await running.waitForLog(/"event":"log-unreachable"/, { from });
    await federates("without AWS");
    s3.put(KEY, JSON.stringify(document({ revision: 5, domains })), began + 40_000);
    aws = await new AwsStandIn(s3, logs).start(port);
    await running.waitForLog(/"event":"document-reachable"/, { from });
    await running.waitForLog(/"event":"document-applied"/, { from });
    await running.waitForLog(/"event":"log-reachable"/, { from, timeout: 2 * PATIENCE }); // it pauses up to a minute
    expect(running.log.slice(from).filter((line) => line.includes('"document-unreachable"'))).toHaveLength(1);

    // A gateway that hangs shows as one that does not accept.
    const accepting = () =>
      logs
        .events(GROUP)
        .filter(({ message }) => message.includes('"_aws"'))
        .map(({ message }) => JSON.parse(message) as Record<string, unknown>);
    await until("a metric of an accepting gateway", () => accepting().at(-1)?.Accepting === 1 || undefined);
    expect(accepting().at(-1)).toMatchObject({ edge: "contoso", Queued: 0, CertificateDaysLeft: expect.any(Number) });
    expect(accepting().some(({ Streams }) => Number(Streams) > 0)).toBe(true);
    process.kill(pid, "SIGSTOP");
    await until("a metric of a gateway that hangs", () => accepting().at(-1)?.Accepting === 0 || undefined);
    process.kill(pid, "SIGCONT");
    await until("a metric of a gateway that is back", () => accepting().at(-1)?.Accepting === 1 || undefined);

    // Everything that it logged has been shipped, also by the process that obtains certificates; no body, no key.
    running.kill("SIGTERM");
    await running.exited;
    const shipped = logs.events(GROUP).map(({ message }) => message);
    const logged = running.log.filter((line) => line.startsWith('{"time"') && !line.includes('"log-'));
    expect(shipped).toEqual(expect.arrayContaining(logged));
    expect(shipped.join("\n")).toContain("certificate-obtained");
    expect(shipped.join("\n")).toContain('"event":"stopping"');
    for (const secret of ["without AWS", "PRIVATE KEY", "AWS_SECRET"]) expect(shipped.join("\n")).not.toContain(secret);
  } finally {
    await aws.stop();
  }
});

test("from S3 and ACM (stand-ins of both) it exports its certificate and serves it", async () => {
  const s3 = new S3StandIn(BUCKET);
  const { certPem: certificatePem, keyPem } = await site.rig.authority.issue({ names: [target, ourDomain] });
  const acm = new AcmStandIn(ARN, { certificatePem, keyPem });
  const aws = await new AwsStandIn(s3, acm).start();
  try {
    s3.put(KEY, JSON.stringify(document({ certificate: { source: { kind: "acm" } }, dns: { kind: "route53" } })));
    const running = run(`s3://${BUCKET}/${KEY}`, { ...aws.environment, XMPP_EDGE_CERTIFICATE_ARN: ARN });
    await running.waitForLog(/certificate-obtained/);
    await running.waitForLog(/"ready":true/);
    const { tls } = await probe({ domain: ourDomain, address: ours.address, port: ours.s2sPort });
    expect(tls?.chain[0]).toEqual(new X509Certificate(certificatePem).raw);
    for (const passphrase of acm.passphrases) expect(running.log.join("\n")).not.toContain(passphrase);
  } finally {
    await aws.stop();
  }
});

test("with S3 out of reach at the first start it fails, and says what to do", async () => {
  const aws = await new AwsStandIn(new S3StandIn(BUCKET)).start();
  try {
    const running = run(`s3://${BUCKET}/${KEY}`, aws.environment);
    await expect(running.exited).resolves.toBe("exit code 1");
    expect(running.log.join("\n")).toContain("NoSuchKey");
    expect(running.log.join("\n")).toContain("deploy the document to this key");
    expect(running.log.join("\n")).not.toMatch(/\n\s+at /);
  } finally {
    await aws.stop();
  }
});
