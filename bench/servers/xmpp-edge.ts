import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publicKeyPin } from "../../src/certificate/peer-identity";
import type { EdgeInput } from "../../src/definition";
import { ONLINE_USER } from "../load/stanzas";
import { givenNodeOptions, startEdge } from "./edge-process";
import { heapBytes } from "./heap";
import type { MeasuredServer, RunningServer, ServerSettings } from "./server";

const root = join(__dirname, "../..");

/** Our gateway, started as users start it. */
export const xmppEdge = xmppEdgeWith(givenNodeOptions());

/** The same, and its heap can be asked for. */
export const xmppEdgeInspected = xmppEdgeWith(["--inspect=127.0.0.1:0"]);

function xmppEdgeWith(nodeOptions: readonly string[]): MeasuredServer {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { name: "xmpp-edge", deliversTo: "server", version, start: (settings) => start(settings, nodeOptions) };
}

async function start(settings: ServerSettings, nodeOptions: readonly string[]): Promise<RunningServer> {
  const { address, s2sPort, c2sPort, certificates, resolver, inner } = settings;
  const { pid, process, stop } = await startEdge({
    definition: definition(settings),
    address,
    s2sPort,
    certificates,
    resolver,
    unlimitedFrom: "127.0.0.0/8",
    nodeOptions,
    more: async (file) => {
      if (inner === undefined) return [];
      await writeFile(file("inside.pem"), inner.gatewayCertificate.certPem);
      await writeFile(file("inside.key"), inner.gatewayCertificate.keyPem, { mode: 0o600 });
      const inside = ["--certificate", file("inside.pem"), "--key", file("inside.key")];
      return [...inside, "--listen-inside", `${address}:${c2sPort}`];
    },
  });
  return {
    pid,
    lastLines: () => process.tail(),
    heapBytes: async () => heapBytes(await process.waitForLine("the inspector's address", inspectorAddress)),
    stop,
  };
}

const inspectorAddress = (line: string) => /^Debugger listening on (ws:\S+)/.exec(line)?.[1];

/** TLS required as by Lync's defaults, and one method alone, as the servers beside are set up. */
function definition({ domain, partners, s2sPort, method, inner }: ServerSettings): EdgeInput {
  const methods: Record<ServerSettings["method"], Partial<NonNullable<EdgeInput["partners"]>[number]>> = {
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
