/** Gateways that run within the test's own process, on loopback. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatewayOptions, type RunningGateway, startGateway } from "../../src/gateway/gateway";
import { createLog } from "../../src/gateway/log";
import { documentOf, partner } from "./documents";
import type { Lab } from "./lab";
import { namesOf } from "./names";

export interface TestGateway extends RunningGateway {
  readonly port: number;
  /** Log lines, parsed. */
  readonly lines: Record<string, unknown>[];
  counter(key: string): number;
}

const running: { gateway: RunningGateway; folder: string }[] = [];
/** To be called after each test, when the peers are closed. */
export async function stopGateways(): Promise<void> {
  for (const { gateway, folder } of running.splice(0)) {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a gateway with a partner of Lync's defaults, unless told otherwise. */
export async function startTestGateway(lab: Lab, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-gateway-"));
  const lines: Record<string, unknown>[] = [];
  const gateway = await startGateway({
    document: documentOf([partner()]),
    listen: [{ address: "127.0.0.1", port: 0 }],
    credentials: [lab.edge],
    trustAnchorsPem: lab.anchorsPem,
    resolver: namesOf({}),
    secureResolver: namesOf({}),
    stateDirectory: folder,
    allowPrivateTargets: ["127.0.0.0/8"],
    log: createLog((line) => void lines.push(JSON.parse(line) as Record<string, unknown>), "debug", Date.now),
    now: Date.now,
    random: Math.random,
    randomBytes,
    ...options,
  });
  running.push({ gateway, folder });
  return {
    ...gateway,
    port: gateway.listening[0]!.port,
    lines,
    counter: (key) => gateway.status().counters[key] ?? 0,
  };
}
