// Runs in a network namespace of its own (../federation-from-empty-zone.test.ts starts it) and prints what came of it.
import type { VerifyFinding, VerifyReport } from "../../../src/dns";
import { type HostRecord, parseTsigKey, rfc2136Host } from "../../../src/dns/host";
import { runCli } from "../../cli/run-cli";
import { bringUpNetwork } from "../dns-lab/network";
import type { Broken, Ended, Outcome, Seen } from "./outcome";
import { host, nobody, ourDomain, Site } from "./site";

const owner = `_xmpp-server._tcp.${ourDomain}`;
/** Severities that are for people to look at. */
const isFault = ({ verdict }: VerifyFinding) => verdict !== "info";

async function main(): Promise<Outcome> {
  bringUpNetwork([]);
  const site = await Site.open();
  try {
    return await federate(site);
  } finally {
    await site.close();
  }
}

async function federate(site: Site): Promise<Outcome> {
  const edge = site.define();
  const ended: Ended[] = [];
  const run = async (...argv: readonly string[]) => {
    const { code, stderr } = await runCli(argv);
    ended.push({ command: argv.slice(0, 2).join(" "), code, stderr });
  };
  const store = ["--store", site.file("store")];
  await run("certificate", "request", edge, ...store, "--out", site.file("edge.csr"));
  const reply = [site.sign(site.file("edge.csr"), "edge.pem"), site.file("mid.pem")];
  await run("certificate", "import", edge, ...reply, ...store, "--trust-anchors", site.file("anchors.pem"), "--assign");
  const startGateway = () => site.startGateway("--certificate-store", site.file("store"));
  await startGateway();
  const before = await verify(site);
  await run("dns", "publish", edge, "--yes");
  const waited = await verify(site, "--wait", "120s");
  const heard = [await site.echo("found by SRV alone")];
  const broken: Broken[] = [];
  for (const { name, records } of ZONE_FAULTS) {
    await replace(site, records);
    const { seen, findings } = await look(site);
    for (const finding of findings) await apply(site, finding);
    broken.push({ name, seen, mended: await verify(site, "--wait", "120s") });
  }

  await site.startWithoutIntermediate();
  const unchained = await verify(site);
  await startGateway();
  broken.push({ name: "intermediate certificate", seen: unchained, mended: await verify(site) });

  site.define({ tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported", supportDialbackNegotiation: true });
  const misjudged = await verify(site);
  site.define();
  broken.push({ name: "partner's TLS row", seen: misjudged, mended: await verify(site) });

  heard.push(await site.echo("mended"));
  return { ended, before, waited, heard, broken, log: site.log };
}

const service = (change: object): HostRecord => ({
  ...{ owner, ttl: 60, type: "SRV", priority: 0, weight: 0, port: 5269, target: host },
  ...change,
});
const ZONE_FAULTS: readonly { readonly name: string; readonly records: readonly HostRecord[] }[] = [
  { name: "port", records: [service({ port: 5222 })] },
  { name: "target", records: [service({ target: `ns.${ourDomain}` })] },
  { name: "address", records: [{ owner: host, ttl: 60, type: "A", address: nobody }] },
];

async function look(site: Site, ...flags: readonly string[]): Promise<{ seen: Seen; findings: VerifyFinding[] }> {
  const { code, stdout, stderr } = await runCli([
    "dns",
    "verify",
    site.file("edge.json"),
    ...site.asked,
    ...flags,
    "--json",
  ]);
  if (stdout === "") throw new Error(`dns verify ended with ${code}: ${stderr}`);
  const findings = (JSON.parse(stdout) as VerifyReport).findings.filter(isFault);
  const faults = findings.map(({ id, verdict, domain, found, remedy }) => ({ id, verdict, domain, found, remedy }));
  return { seen: { code, faults }, findings };
}
const verify = async (site: Site, ...flags: readonly string[]) => (await look(site, ...flags)).seen;

const atKnot = ({ knot }: Site) => rfc2136Host({ server: knot, key: parseTsigKey(knot.tsigKey), now: Date.now });

/** Puts a set of records in the place of the one that is there. */
async function replace(site: Site, records: readonly HostRecord[]): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  const knot = atKnot(site);
  const there = await knot.read(first.owner, first.type);
  const texts = records.map((record) => JSON.stringify(record));
  await knot.publish(records);
  await knot.remove(there.filter((one) => !texts.includes(JSON.stringify(one))));
}

/** Does to the zone what a finding says: its lines to remove and to publish, or its lines in place of the set. */
async function apply(site: Site, { change, remedy }: VerifyFinding): Promise<void> {
  if (change === undefined) return replace(site, remedy.split("\n").map(recordOf));
  const knot = atKnot(site);
  if (change.publish.length > 0) await knot.publish(change.publish.map(recordOf));
  if (change.remove.length > 0) await knot.remove(change.remove.map(recordOf));
}

/** A zone file line as a host keeps it. */
function recordOf(line: string): HostRecord {
  const [name = "", ttl, , type, ...data] = line.split(" ");
  const bare = (text = "") => text.replace(/\.$/, "");
  const common = { owner: bare(name), ttl: Number(ttl) };
  if (type === "SRV") {
    const [priority, weight, port] = data.map(Number) as [number, number, number];
    return { ...common, type, priority, weight, port, target: bare(data[3]) };
  }
  if (type === "A") return { ...common, type, address: data[0]! };
  throw new Error(`a remedy that is no zone file line: ${line}`);
}

main().then(
  (outcome) => process.stdout.write(JSON.stringify(outcome), () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
