import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lifeline, WatchedProcess } from "../../test/peers/rig/watched-process";
import { makeWorkFolder } from "../../test/peers/rig/work-folder";
import type { MeasuredServer, ServerSettings } from "./server";

const root = join(__dirname, "../..");

/** Our gateway, started as users start it. */
export const xmppEdge: MeasuredServer = {
  name: "xmpp-edge",
  version: (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version,
  async start(settings) {
    const work = await makeWorkFolder();
    const file = (name: string) => join(work, name);
    const { certPem, keyPem, caPem } = settings.certificates;
    await writeFile(file("edge.json"), JSON.stringify(definition(settings)));
    await writeFile(file("edge.pem"), certPem);
    await writeFile(file("edge.key"), keyPem, { mode: 0o600 });
    await writeFile(file("anchors.pem"), caPem);
    const { address, s2sPort, resolver } = settings;
    const gateway = new WatchedProcess("xmpp-edge", [
      ...lifeline,
      process.execPath,
      ...(process.env.XMPP_EDGE_BENCH_NODE_OPTIONS?.split(" ") ?? []), // to profile it, say
      join(root, "dist/cli/main.js"),
      "run",
      file("edge.json"),
      ...["--listen", `${address}:${s2sPort}`],
      ...["--certificate", file("edge.pem"), "--key", file("edge.key"), "--trust-anchors", file("anchors.pem")],
      ...["--resolver", `${resolver.address}:${resolver.port}`, "--state", file("state")],
      ...["--admin", `${address}:0`, "--allow-private-targets", "127.0.0.0/8"],
      ...["--unlimited-from", "127.0.0.0/8"],
    ]);
    const stop = async () => {
      await gateway.stop();
      await rm(work, { recursive: true, force: true });
    };
    try {
      const ready = await gateway.waitForLog(/^\{"ready":true/, { timeout: 60_000 });
      return { pid: (JSON.parse(ready) as { pid: number }).pid, lastLines: () => gateway.tail(), stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};

/** Partners as Lync's defaults have them (TLS and SASL required), without dialback, as the servers beside are set up. */
function definition({ domain, partners, s2sPort }: ServerSettings) {
  return {
    name: "bench",
    accessEdge: { fqdn: `xmpp.${domain}`, port: s2sPort },
    domains: [{ name: domain }],
    partners: partners.map((partner) => ({
      domain: partner,
      partnerType: "Federated",
      supportDialbackNegotiation: false,
    })),
    gateway: { connectionLimit: 100_000 },
    internal: { kind: "sandbox", users: [`alice@${domain}`] },
  };
}
