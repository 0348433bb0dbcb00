// Runs inside a network namespace of its own (index.ts starts it):  world.ts PEERS_FOLDER
// Prints, as JSON, what each tool said of each domain of the sample, and how long it took.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { COMMON_DOMAIN } from "../../test/peers/dns-lab/definitions";
import { type Lab, startLab } from "../../test/peers/dns-lab/lab";
import { rootHints } from "../../test/peers/dns-lab/lab-resolver";
import { COMMON_EDGE, SERVERS } from "../../test/peers/dns-lab/world";
import { SAMPLE } from "./domains";
import { ALL, OURS, TOOLS } from "./tools";

/** One tool's run on one domain, or on all of the sample. */
export interface ToolRun {
  readonly tool: string;
  /** Of the domain; ALL where one command looked at all of them. */
  readonly label: string;
  readonly seconds: number;
  /** Null where it was stopped at the cap. */
  readonly exitCode: number | null;
  /** What it wrote, both streams. */
  readonly said: string;
}

/** Seconds for one tool and one domain. */
const CAP = 60;

const ENTER = join(__dirname, "..", "..", "test", "peers", "rig", "enter.sh");
const PROGRAM = join(__dirname, "..", "..", "dist", "commands", "main.js");

async function measure(folder: string): Promise<ToolRun[]> {
  const lab = await startLab({ verified: SAMPLE.map(({ label, site }) => [label, site]), trusted: [] });
  const work = await mkdtemp(join(tmpdir(), "xmpp-edge-dns-peers-"));
  try {
    await prepare(work, lab);
    const runs: ToolRun[] = [];
    // The resolvers come to know the world by a run that is not counted.
    for (const { label } of SAMPLE) await timed(ours(label, lab, work));
    for (const { label } of SAMPLE) runs.push({ tool: OURS, label, ...(await timed(ours(label, lab, work))) });
    runs.push({ tool: OURS, label: ALL, ...(await timed(ours(ALL, lab, work))) });
    for (const tool of TOOLS)
      for (const { label } of SAMPLE) {
        process.stderr.write(`bench: ${tool.name} ${label}\n`);
        const command = inside(folder, work, tool.command(`${label}.example`));
        runs.push({ tool: tool.name, label, ...(await timed(command)) });
      }
    for (const { name, together } of TOOLS)
      if (together !== undefined) {
        const command = inside(folder, work, together(SAMPLE.map(({ label }) => `${label}.example`)));
        runs.push({ tool: name, label: ALL, ...(await timed(command)) });
      }
    return runs;
  } finally {
    await lab.stop();
    await rm(work, { recursive: true, force: true });
  }
}

/** What the tools read: where the root is and what is trusted, in the form of each. */
async function prepare(work: string, { anchor, rootKey }: Lab): Promise<void> {
  const file = (name: string, content: string) => writeFile(join(work, name), content);
  await file("resolv.conf", `nameserver ${SERVERS.resolvers.first}\n`);
  await file("hints", rootHints([SERVERS.root.first, SERVERS.root.second]));
  await file("root.keys", `${rootKey}\n`);
  const domains = SAMPLE.map(({ label }) => ({ name: `${label}.example` }));
  await file(`${ALL}.edge.json`, definition(domains));
  for (const { label } of SAMPLE) {
    await file(
      `${label}.cfg.lua`,
      [
        "run_as_root = true",
        'data_path = "/peer"',
        `external_addresses = { ${COMMON_EDGE.addresses.map((address) => `"${address}"`).join(", ")} }`,
        `unbound = { resolvconf = "/etc/resolv.conf", hoststxt = false, trusted = "${anchor}" }`,
        `VirtualHost "${label}.example"`,
        "",
      ].join("\n"),
    );
    await file(`${label}.edge.json`, definition([{ name: `${label}.example` }]));
  }
}

const definition = (domains: readonly { readonly name: string }[]) =>
  JSON.stringify({
    name: "bench",
    accessEdge: { fqdn: COMMON_EDGE.fqdn, addresses: COMMON_EDGE.addresses },
    domains: [{ name: COMMON_DOMAIN }, ...domains],
    dns: { kind: "zone-file", ttl: 3600 },
  });

function ours(label: string, { anchor }: Lab, work: string): string[] {
  return [
    ...[process.execPath, PROGRAM, "dns", "verify", join(work, `${label}.edge.json`)],
    ...["--root-hints", join(work, "hints"), "--dnssec-anchor", anchor, "--resolver", SERVERS.resolvers.first],
    ...(label === ALL ? [] : ["--domain", `${label}.example`]),
    ...["--no-probe", "--json"],
  ];
}

/** In the peers' folder, with our resolver and root in place of the machine's. */
function inside(folder: string, work: string, command: string): string[] {
  const mounts = [
    `mount --bind ${work}/resolv.conf ${folder}/etc/resolv.conf`,
    `mount --bind ${work}/hints ${folder}/usr/share/dnsviz/hints/named.root`,
    `exec sh ${ENTER} ${folder} ${work} env RESOLVER=${SERVERS.resolvers.first} sh -c '${command}'`,
  ];
  return ["unshare", "--mount", "sh", "-ec", mounts.join("\n")];
}

/** Until it ends, or is stopped with all that it has started. */
async function timed([program, ...args]: readonly string[]): Promise<Omit<ToolRun, "tool" | "label">> {
  const began = performance.now();
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let stopped = false;
  const cap = setTimeout(() => {
    stopped = true;
    process.kill(-child.pid!, "SIGKILL");
  }, CAP * 1000);
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  const exitCode = await ended;
  clearTimeout(cap);
  const seconds = (performance.now() - began) / 1000;
  return { seconds, exitCode: stopped ? null : exitCode, said: said.join("\n").slice(0, 200_000) };
}

measure(process.argv[2]!).then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
