import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publicKeyPin } from "../../src/certificate/peer-identity";
import { lifeline, WatchedProcess } from "../../test/peers/rig/watched-process";
import { makeWorkFolder } from "../../test/peers/rig/work-folder";
import { ONLINE_USER } from "../load/stanzas";
import { heapBytes } from "./heap";
import type { MeasuredServer, RunningServer, ServerSettings } from "./server";

const root = join(__dirname, "../..");

/** Our gateway, started as users start it. */
export const xmppEdge = xmppEdgeWith(process.env.XMPP_EDGE_BENCH_NODE_OPTIONS?.split(" ") ?? []); // to profile it, say

/** The same, and its heap can be asked for. */
export const xmppEdgeInspected = xmppEdgeWith(["--inspect=127.0.0.1:0"]);

function xmppEdgeWith(nodeOptions: readonly string[]): MeasuredServer {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { name: "xmpp-edge", deliversTo: "server", version, start: (settings) => start(settings, nodeOptions) };
}

async function start(settings: ServerSettings, nodeOptions: readonly string[]): Promise<RunningServer> {
  const work = await makeWorkFolder();
  const file = (name: string) => join(work, name);
  const { certPem, keyPem, caPem } = settings.certificates;
  await writeFile(file("edge.json"), JSON.stringify(definition(settings)));
  await writeFile(file("edge.pem"), certPem);
  await writeFile(file("edge.key"), keyPem, { mode: 0o600 });
  await writeFile(file("anchors.pem"), caPem);
  const { address, s2sPort, c2sPort, resolver, inner } = settings;
  const insideArguments: string[] = [];
  if (inner !== undefined) {
    await writeFile(file("inside.pem"), inner.gatewayCertificate.certPem);
    await writeFile(file("inside.key"), inner.gatewayCertificate.keyPem, { mode: 0o600 });
    insideArguments.push("--certificate", file("inside.pem"), "--key", file("inside.key"));
    insideArguments.push("--listen-inside", `${address}:${c2sPort}`);
  }
  const gateway = new WatchedProcess("xmpp-edge", [
    ...lifeline,
    process.execPath,
    ...nodeOptions,
    join(root, "dist/cli/main.js"),
    "run",
    file("edge.json"),
    ...["--listen", `${address}:${s2sPort}`],
    ...["--certificate", file("edge.pem"), "--key", file("edge.key"), "--trust-anchors", file("anchors.pem")],
    ...["--resolver", `${resolver.address}:${resolver.port}`, "--state", file("state")],
    ...["--admin", `${address}:0`, "--allow-private-targets", "127.0.0.0/8"],
    ...["--unlimited-from", "127.0.0.0/8"],
    ...insideArguments,
  ]);
  const stop = async () => {
    await gateway.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    const ready = await gateway.waitForLog(/^\{"ready":true/, { timeout: 60_000 });
    return {
      pid: (JSON.parse(ready) as { pid: number }).pid,
      lastLines: () => gateway.tail(),
      heapBytes: async () => heapBytes(await gateway.waitForLine("the inspector's address", inspectorAddress)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const inspectorAddress = (line: string) => /^Debugger listening on (ws:\S+)/.exec(line)?.[1];

/** TLS required as by Lync's defaults, and one method alone, as the servers beside are set up. */
function definition({ domain, partners, s2sPort, method, inner }: ServerSettings) {
  const methods = {
    external: { saslNegotiation: "Required", supportDialbackNegotiation: false },
    dialback: { saslNegotiation: "NotSupported", supportDialbackNegotiation: true },
  };
  return {
    name: "bench",
    accessEdge: { fqdn: `xmpp.${domain}`, port: s2sPort },
    domains: [{ name: domain }],
    partners: partners.map((partner) => ({
      domain: partner,
      partnerType: "Federated",
      ...methods[method],
    })),
    gateway: { connectionLimit: 100_000 },
    internal:
      inner === undefined
        ? { kind: "sandbox", users: [`${ONLINE_USER}@${domain}`] }
        : {
            kind: "xmpp",
            servers: [{ address: inner.address, port: inner.port }],
            pins: [publicKeyPin(new X509Certificate(inner.certificate.certPem).raw)],
          },
  };
}
