import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import { requireFree } from "./ports";
import { makeWorkFolder } from "./work-folder";

export interface KnotOptions {
  readonly address: string;
  readonly port: number;
  /** Zone file lines by zone, beside the SOA and NS that every zone gets. */
  readonly zones: Readonly<Record<string, readonly string[]>>;
  /** How zones are signed; those that are not here are unsigned. */
  readonly signing?: Readonly<Record<string, ZoneSigning>>;
}

/** Keys are made at the start, one for everything in the zone; signatures are made and kept fresh by knot. */
export interface ZoneSigning {
  /** As knot's policies name it, `ecdsap256sha256` for one. */
  readonly algorithm: string;
  /** Absence by NSEC3; by NSEC where this is left out. */
  readonly nsec3?: { readonly iterations: number; readonly saltOctets: number; readonly optOut: boolean };
  /** Days that a signature lasts; 14 where this is left out. */
  readonly days?: number;
}

/** A real authoritative server that takes dynamic updates signed with its key. */
export interface Knot {
  readonly address: string;
  readonly port: number;
  /** The key that may update its zones, as a key file holds it. */
  readonly tsigKey: string;
  readonly process: PeerProcess;
  stop(): Promise<void>;
}

const secret = Buffer.from("a secret that only tests know!!!").toString("base64");

/** Starts knot and waits until it answers. */
export async function startKnot({ address, port, zones, signing = {} }: KnotOptions): Promise<Knot> {
  await requireFree(address, port);
  const work = await makeWorkFolder();
  for (const folder of ["zones", "db", "run"]) await mkdir(join(work, folder));
  for (const [zone, lines] of Object.entries(zones)) {
    const own = [
      `${zone}. 60 IN SOA ns.${zone}. hostmaster.${zone}. 1 3600 900 86400 1`,
      `${zone}. 60 IN NS ns.${zone}.`,
      `ns.${zone}. 60 IN A ${address}`,
    ];
    await writeFile(join(work, "zones", `${zone}.zone`), `${[...own, ...lines].join("\n")}\n`);
  }
  await writeFile(join(work, "knot.conf"), configuration(address, port, Object.keys(zones), signing));
  const process = new PeerProcess(peerRoot(), { name: "knot", work, command: ["knotd", "-c", "/peer/knot.conf"] });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForPort(address, port);
    // It answers from the start, but for zones that are not loaded yet with SERVFAIL.
    for (const zone of Object.keys(zones)) await process.waitForLog(new RegExp(`\\[${zone}\\.\\] .*loaded`));
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, port, tsigKey: `hmac-sha256:update:${secret}`, process, stop };
}

function configuration(
  address: string,
  port: number,
  zones: readonly string[],
  signing: Readonly<Record<string, ZoneSigning>>,
): string {
  const policies = Object.entries(signing).flatMap(([zone, how]) => policy(zone, how));
  return [
    "server:",
    "  rundir: /peer/run",
    `  listen: ${address}@${port}`,
    "  udp-workers: 1",
    "  tcp-workers: 1",
    "  background-workers: 1",
    "database:",
    "  storage: /peer/db",
    // By default these may grow to gigabytes, and so much address space is reserved.
    "  journal-db-max-size: 64M",
    "  kasp-db-max-size: 16M",
    "  timer-db-max-size: 1M",
    "log:",
    "  - target: stdout",
    "    any: info",
    "key:",
    "  - id: update.",
    "    algorithm: hmac-sha256",
    `    secret: ${secret}`,
    "acl:",
    "  - id: update",
    "    key: update.",
    "    action: [update]",
    ...(policies.length > 0 ? ["policy:", ...policies] : []),
    "template:",
    "  - id: default",
    "    storage: /peer/zones",
    '    file: "%s.zone"',
    "    acl: update",
    "    zonefile-sync: -1",
    "    zonefile-load: difference-no-serial",
    "    journal-content: all",
    "zone:",
    ...zones.flatMap((zone) => [
      `  - domain: ${zone}`,
      ...(zone in signing ? ["    dnssec-signing: on", `    dnssec-policy: ${zone}`] : []),
    ]),
    "",
  ].join("\n");
}

const policy = (zone: string, { algorithm, nsec3, days = 14 }: ZoneSigning): string[] => [
  `  - id: ${zone}`,
  `    algorithm: ${algorithm}`,
  "    single-type-signing: on",
  `    rrsig-lifetime: ${days}d`,
  `    nsec3: ${nsec3 === undefined ? "off" : "on"}`,
  ...(nsec3 === undefined
    ? []
    : [
        `    nsec3-iterations: ${nsec3.iterations}`,
        `    nsec3-salt-length: ${nsec3.saltOctets}`,
        `    nsec3-opt-out: ${nsec3.optOut ? "on" : "off"}`,
      ]),
];
