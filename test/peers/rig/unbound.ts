import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import { requireFree } from "./ports";
import { makeWorkFolder } from "./work-folder";

export interface UnboundOptions {
  readonly address: string;
  readonly port: number;
  /** Zone-file lines that it answers itself, for names below `example.`: those without a record do not exist. */
  readonly records?: readonly string[];
  /** Every name there may be has this address, and no other record: what a server sees for which all partners are one. */
  readonly everyName?: string;
  /** Zones that it asks an authoritative server for, as a resolver that followed the delegation would. */
  readonly stubZones?: readonly StubZone[];
  /** It validates from these records on (DS or DNSKEY in zone-file form); without them it validates nothing. */
  readonly trustAnchors?: readonly string[];
  /** The time that it judges signatures by, where that is not now. */
  readonly validatesAt?: Date;
}

export interface StubZone {
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

/** A real resolver. It refuses every name that is in neither its records nor its stub zones. */
export interface Unbound {
  readonly address: string;
  readonly port: number;
  readonly process: PeerProcess;
  stop(): Promise<void>;
}

/** Starts unbound and waits until it answers. */
export async function startUnbound(options: UnboundOptions): Promise<Unbound> {
  const { address, port } = options;
  await requireFree(address, port);
  const root = peerRoot();
  const work = await makeWorkFolder();
  await writeFile(join(work, "unbound.conf"), configuration(options));
  const process = new PeerProcess(root, {
    name: "unbound",
    work,
    command: ["unbound", "-d", "-p", "-c", "/peer/unbound.conf"],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForLog(/start of service/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, port, process, stop };
}

/** The records by which partners find an XMPP server: SRV, and the address of its target. */
export function serverRecords(server: { domain: string; address: string; s2sPort: number }): string[] {
  const target = `xmpp.${server.domain}.`;
  return [`_xmpp-server._tcp.${server.domain}. SRV 0 5 ${server.s2sPort} ${target}`, `${target} A ${server.address}`];
}

function configuration({
  address,
  port,
  records = [],
  everyName,
  stubZones = [],
  trustAnchors = [],
  validatesAt,
}: UnboundOptions): string {
  return [
    "server:",
    `  interface: ${address}`,
    `  port: ${port}`,
    "  access-control: 127.0.0.0/8 allow",
    "  do-daemonize: no",
    "  use-syslog: no",
    '  logfile: ""',
    "  verbosity: 1",
    "  num-threads: 1",
    '  username: ""',
    '  chroot: ""',
    '  pidfile: ""',
    "  directory: /peer",
    "  do-ip6: no",
    `  module-config: "${trustAnchors.length > 0 ? "validator " : ""}iterator"`,
    ...trustAnchors.map((anchor) => `  trust-anchor: "${anchor}"`),
    ...(validatesAt === undefined
      ? []
      : [`  val-override-date: ${validatesAt.toISOString().replace(/\D/g, "").slice(0, 14)}`]),
    "  ede: yes",
    // The authoritative servers of the tests are on loopback, which unbound never asks by default.
    "  do-not-query-localhost: no",
    // A server that a test starts late, or restarts, is asked again at once, and a changed zone is seen.
    "  infra-host-ttl: 0",
    "  cache-max-ttl: 1",
    "  cache-max-negative-ttl: 1",
    ...(everyName === undefined
      ? [
          "  local-zone: . refuse",
          // unbound answers test., invalid. and the other special names (RFC 6761) itself; example. is free to use.
          "  local-zone: example. static",
        ]
      : ["  local-zone: . redirect", `  local-data: '. A ${everyName}'`]),
    ...stubZones.map(({ zone }) => `  local-zone: ${zone} transparent`),
    ...records.map((record) => `  local-data: '${record}'`),
    ...stubZones.flatMap((stub) => ["stub-zone:", `  name: ${stub.zone}`, `  stub-addr: ${stub.address}@${stub.port}`]),
    "remote-control:",
    "  control-enable: no",
    "",
  ].join("\n");
}
