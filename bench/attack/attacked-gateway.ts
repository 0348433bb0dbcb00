import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestCertificate } from "../../test/peers/rig/pki";
import type { ServerPlace } from "../../test/peers/rig/rig";
import { lifeline, WatchedProcess } from "../../test/peers/rig/watched-process";
import { makeWorkFolder } from "../../test/peers/rig/work-folder";

const root = join(__dirname, "../..");

export interface AttackedGateway {
  readonly pid: number;
  /** How it ended; undefined while it runs. */
  end(): string | undefined;
  /** The value of a counter, by its name without the prefix; summed over its labels. */
  counter(name: string): Promise<number>;
  /** The end of its log, for errors. */
  lastLines(): string;
  stop(): Promise<void>;
}

export interface GatewaySettings extends ServerPlace {
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
  readonly partners: readonly string[];
  /** Where the established partners come from: no rate holds them back. */
  readonly unlimitedFrom: string;
}

/** Our gateway on one core, with the limits that users have. */
export async function startAttackedGateway(settings: GatewaySettings, core: number): Promise<AttackedGateway> {
  const work = await makeWorkFolder();
  const file = (name: string) => join(work, name);
  const { certificates, address, s2sPort, resolver, domain, partners, unlimitedFrom } = settings;
  const definition = {
    name: "bench",
    accessEdge: { fqdn: `xmpp.${domain}`, port: s2sPort },
    domains: [{ name: domain }],
    partners: partners.map((partner) => ({
      domain: partner,
      partnerType: "Federated",
      supportDialbackNegotiation: false,
    })),
    internal: { kind: "sandbox", users: [`alice@${domain}`] },
  };
  await writeFile(file("edge.json"), JSON.stringify(definition));
  await writeFile(file("edge.pem"), certificates.certPem);
  await writeFile(file("edge.key"), certificates.keyPem, { mode: 0o600 });
  await writeFile(file("anchors.pem"), certificates.caPem);
  const gateway = new WatchedProcess("xmpp-edge", [
    ...lifeline,
    ...["taskset", "-c", String(core), process.execPath],
    ...(process.env.XMPP_EDGE_BENCH_NODE_OPTIONS?.split(" ") ?? []), // to profile it, say
    ...[join(root, "dist/cli/main.js"), "run", file("edge.json")],
    ...["--listen", `${address}:${s2sPort}`, "--state", file("state"), "--admin", `${address}:0`],
    ...["--certificate", file("edge.pem"), "--key", file("edge.key"), "--trust-anchors", file("anchors.pem")],
    ...["--resolver", `${resolver.address}:${resolver.port}`, "--allow-private-targets", "127.0.0.0/8"],
    ...["--unlimited-from", unlimitedFrom],
  ]);
  const stop = async () => {
    await gateway.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    const ready = await gateway.waitForLog(/^\{"ready":true/, { timeout: 60_000 });
    const { pid, admin } = JSON.parse(ready) as { pid: number; admin: string };
    return {
      pid,
      end: () => gateway.end,
      async counter(name) {
        const text = await (await fetch(`http://${admin}/metrics`)).text();
        const lines = text.split("\n").filter((line) => new RegExp(`^xmpp_edge_${name}[ {]`).test(line));
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
      },
      lastLines: () => gateway.tail(40),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Binds a process that runs, with its threads, to one core. */
export function pin(pid: number, core: number): void {
  const { status, stderr, error } = spawnSync("taskset", ["-acp", String(core), String(pid)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`taskset: ${error?.message ?? stderr}; on Debian: apt-get install util-linux`);
}
