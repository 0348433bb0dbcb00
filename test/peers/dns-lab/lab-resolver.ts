import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "../rig/peer-process";
import { peerRoot } from "../rig/peer-root";
import { makeWorkFolder } from "../rig/work-folder";

export interface LabResolverOptions {
  readonly address: string;
  /** Addresses of the root servers. */
  readonly roots: readonly string[];
  /** The root's DS record, as a zone file line. */
  readonly anchor: string;
}

/** A validating unbound that follows the delegation from the lab's root. */
export async function startLabResolver({
  address,
  roots,
  anchor,
}: LabResolverOptions): Promise<{ stop(): Promise<void> }> {
  const work = await makeWorkFolder();
  await writeFile(join(work, "roots"), rootHints(roots));
  await writeFile(
    join(work, "unbound.conf"),
    [
      "server:",
      `  interface: ${address}`,
      `  outgoing-interface: ${address}`,
      "  access-control: 0.0.0.0/0 allow",
      "  do-daemonize: no",
      "  do-ip6: no",
      "  use-syslog: no",
      '  logfile: ""',
      "  verbosity: 1",
      "  num-threads: 1",
      '  username: ""',
      '  chroot: ""',
      '  pidfile: ""',
      "  directory: /peer",
      '  module-config: "validator iterator"',
      "  root-hints: /peer/roots",
      `  trust-anchor: "${anchor}"`,
      "  ede: yes",
      // What is late over UDP is asked for over TCP, of all domains at once.
      "  incoming-num-tcp: 500",
      "remote-control:",
      "  control-enable: no",
      "",
    ].join("\n"),
  );
  const process = new PeerProcess(peerRoot(), {
    name: "unbound",
    work,
    command: ["unbound", "-d", "-p", "-c", "/peer/unbound.conf"],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForLog(/start of service/, { timeout: 60_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** As IANA's `named.root` has them. */
export const rootHints = (roots: readonly string[]): string =>
  `${roots.flatMap((address, at) => [`. 3600000 NS ${"ab"[at]}.roots.`, `${"ab"[at]}.roots. 3600000 A ${address}`]).join("\n")}\n`;
