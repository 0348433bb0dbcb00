import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import { makeWorkFolder } from "./work-folder";

/** A real authoritative server of whole zone files, at port 53: knot, BIND or NSD. */
export interface ZoneServerOptions {
  readonly program: "knot" | "bind" | "nsd";
  readonly addresses: readonly string[];
  /** Zone files by zone, without the final dot; the root is `.`. They are served as they stand, signatures too. */
  readonly zones: ReadonlyMap<string, string>;
  /** Zones that anybody may copy (BIND). */
  readonly openTransfer?: ReadonlySet<string>;
}

export interface ZoneServer {
  readonly addresses: readonly string[];
  readonly process: PeerProcess;
  stop(): Promise<void>;
}

/** The Debian package of each program. */
export const ZONE_SERVER_PACKAGES = { knot: "knot", bind: "bind9", nsd: "nsd" } as const;

/** Starts it and waits until it serves all its zones. */
export async function startZoneServer(options: ZoneServerOptions): Promise<ZoneServer> {
  const { program, addresses, zones } = options;
  const work = await makeWorkFolder();
  for (const folder of ["zones", "db", "run"]) await mkdir(join(work, folder));
  await Promise.all([...zones].map(([zone, text]) => writeFile(join(work, "zones", fileOf(zone)), text)));
  const { configuration, command, ready } = PROGRAMS[program];
  await writeFile(join(work, "server.conf"), `${configuration(options).join("\n")}\n`);
  const process = new PeerProcess(peerRoot(), { name: program, work, command });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForLog(ready, { timeout: 60_000 });
    // knot serves from the start, but answers SERVFAIL for what is not loaded yet.
    if (program === "knot") await loaded(process, zones);
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses, process, stop };
}

async function loaded(process: PeerProcess, zones: ReadonlyMap<string, string>): Promise<void> {
  const missing = new Set(zones.keys());
  await process.waitForLine(
    "all zones loaded",
    (line) => {
      const zone = /\[(\S+)\] .*loaded/.exec(line)?.[1];
      if (zone !== undefined) missing.delete(zone === "." ? zone : zone.replace(/\.$/, ""));
      return missing.size === 0 ? true : undefined;
    },
    { timeout: 60_000 },
  );
}

const fileOf = (zone: string) => `${zone === "." ? "root" : zone}.zone`;

interface Program {
  configuration(options: ZoneServerOptions): string[];
  readonly command: readonly string[];
  readonly ready: RegExp;
}

const PROGRAMS: Readonly<Record<ZoneServerOptions["program"], Program>> = {
  knot: {
    command: ["knotd", "-c", "/peer/server.conf"],
    ready: /server started/,
    configuration: ({ addresses, zones }) => [
      "server:",
      "  rundir: /peer/run",
      ...addresses.map((address) => `  listen: ${address}@53`),
      "  udp-workers: 1",
      "  tcp-workers: 2",
      "  background-workers: 1",
      "database:",
      "  storage: /peer/db",
      // By default these may grow to gigabytes, and so much address space is reserved.
      "  journal-db-max-size: 8M",
      "  kasp-db-max-size: 8M",
      "  timer-db-max-size: 1M",
      "log:",
      "  - target: stdout",
      "    any: info",
      "template:",
      "  - id: default",
      "    storage: /peer/zones",
      "    semantic-checks: off",
      "    journal-content: none",
      "    zonefile-sync: -1",
      "    zonefile-load: whole",
      "zone:",
      ...[...zones.keys()].flatMap((zone) => [`  - domain: "${zone}"`, `    file: ${fileOf(zone)}`]),
    ],
  },
  bind: {
    // -n: one thread, for it takes one for every processor.
    command: ["named", "-g", "-n", "1", "-c", "/peer/server.conf"],
    ready: / running$/,
    configuration: ({ addresses, zones, openTransfer = new Set() }) => [
      "options {",
      '  directory "/peer/run";',
      "  pid-file none;",
      '  session-keyfile "/peer/run/session.key";',
      `  listen-on port 53 { ${addresses.map((address) => `${address};`).join(" ")} };`,
      "  listen-on-v6 { none; };",
      "  recursion no;",
      "  dnssec-validation no;",
      "  empty-zones-enable no;",
      "  allow-transfer { none; };",
      "  notify no;",
      "  check-names primary ignore;",
      "  check-srv-cname ignore;",
      "  check-mx-cname ignore;",
      "  check-integrity no;",
      "};",
      "controls {};",
      ...[...zones.keys()].map((zone) => {
        const transfer = openTransfer.has(zone) ? " allow-transfer { any; };" : "";
        return `zone "${zone}" { type primary; file "/peer/zones/${fileOf(zone)}";${transfer} };`;
      }),
    ],
  },
  nsd: {
    command: ["nsd", "-d", "-c", "/peer/server.conf"],
    ready: /nsd started/,
    configuration: ({ addresses, zones }) => [
      "server:",
      ...addresses.map((address) => `  ip-address: ${address}`),
      '  username: ""',
      '  chroot: ""',
      '  pidfile: ""',
      '  database: ""',
      "  zonesdir: /peer/zones",
      "  xfrdfile: /peer/db/xfrd.state",
      "  zonelistfile: /peer/db/zone.list",
      "  server-count: 1",
      "  verbosity: 1",
      "remote-control:",
      "  control-enable: no",
      ...[...zones.keys()].flatMap((zone) => ["zone:", `  name: "${zone}"`, `  zonefile: ${fileOf(zone)}`]),
    ],
  },
};
