import { spawnSync } from "node:child_process";
import type { TestCertificate } from "../../test/peers/rig/pki";
import type { ServerPlace } from "../../test/peers/rig/rig";
import { startEdge } from "../servers/edge-process";

export interface AttackedGateway {
  readonly pid: number;
  /** How it ended; undefined while it runs. */
  end(): string | undefined;
  /** The value of a counter, by its name without the prefix; summed over its labels, but for one that is given. */
  counter(name: string, label?: string): Promise<number>;
  /** The end of its log, for errors. */
  lastLines(): string;
  stop(): Promise<void>;
}

export interface GatewaySettings extends ServerPlace {
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
  readonly partners: readonly string[];
  /** A partner that authenticates by dialback. */
  readonly byDialback: string;
  /** Where the established partners come from: no rate holds them back. */
  readonly unlimitedFrom: string;
}

/** Our gateway on one core, with the limits that users have. */
export async function startAttackedGateway(settings: GatewaySettings, core: number): Promise<AttackedGateway> {
  const { domain, s2sPort, partners, byDialback } = settings;
  const { pid, admin, process, stop } = await startEdge({
    ...settings,
    definition: {
      name: "bench",
      accessEdge: { fqdn: `xmpp.${domain}`, port: s2sPort },
      domains: [{ name: domain }],
      partners: [
        ...partners.map((partner) => ({
          domain: partner,
          partnerType: "Federated" as const,
          supportDialbackNegotiation: false,
        })),
        { domain: byDialback, partnerType: "Federated", saslNegotiation: "NotSupported" },
      ],
      internal: { kind: "sandbox", users: [`alice@${domain}`] },
    },
    under: ["taskset", "-c", String(core)],
  });
  return {
    pid,
    end: () => process.end,
    async counter(name, label = "") {
      const text = await (await fetch(`http://${admin}/metrics`)).text();
      const lines = text
        .split("\n")
        .filter((line) => new RegExp(`^xmpp_edge_${name}[ {]`).test(line) && line.includes(label));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
    lastLines: () => process.tail(40),
    stop,
  };
}

/** Binds a process that runs, with its threads, to one core. */
export function pin(pid: number, core: number): void {
  const { status, stderr, error } = spawnSync("taskset", ["-acp", String(core), String(pid)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`taskset: ${error?.message ?? stderr}; on Debian: apt-get install util-linux`);
}
