import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EdgeInput } from "../../src/definition";
import type { TestCertificate } from "../../test/peers/rig/pki";
import { lifeline, WatchedProcess } from "../../test/peers/rig/watched-process";
import { makeWorkFolder } from "../../test/peers/rig/work-folder";

const root = join(__dirname, "../..");

export interface EdgeOptions {
  readonly definition: EdgeInput;
  readonly address: string;
  readonly s2sPort: number;
  readonly certificates: TestCertificate;
  readonly resolver: { readonly address: string; readonly port: number };
  /** A range that no rate holds back. */
  readonly unlimitedFrom: string;
  /** A program that runs it, with its arguments. */
  readonly under?: readonly string[];
  readonly nodeOptions?: readonly string[];
  /** More options of `run`; where they name files, `file` says where. */
  readonly more?: (file: (name: string) => string) => Promise<readonly string[]>;
}

export interface EdgeProcess {
  readonly pid: number;
  /** Address and port of its admin side. */
  readonly admin: string;
  readonly process: WatchedProcess;
  stop(): Promise<void>;
}

/** Options of Node for our gateway in a bench: to profile it, say. */
export const givenNodeOptions = (): readonly string[] => process.env.XMPP_EDGE_BENCH_NODE_OPTIONS?.split(" ") ?? [];

/** Our gateway, started as users start it; resolves when it serves. */
export async function startEdge(options: EdgeOptions): Promise<EdgeProcess> {
  const { definition, address, s2sPort, certificates, resolver, unlimitedFrom } = options;
  const { under = [], nodeOptions = givenNodeOptions(), more } = options;
  const work = await makeWorkFolder();
  const file = (name: string) => join(work, name);
  await writeFile(file("edge.json"), JSON.stringify(definition));
  await writeFile(file("edge.pem"), certificates.certPem);
  await writeFile(file("edge.key"), certificates.keyPem, { mode: 0o600 });
  await writeFile(file("anchors.pem"), certificates.caPem);
  const gateway = new WatchedProcess("xmpp-edge", [
    ...lifeline,
    ...under,
    process.execPath,
    ...nodeOptions,
    ...[join(root, "dist/cli/main.js"), "run", file("edge.json")],
    ...["--listen", `${address}:${s2sPort}`, "--state", file("state"), "--admin", `${address}:0`],
    ...["--certificate", file("edge.pem"), "--key", file("edge.key"), "--trust-anchors", file("anchors.pem")],
    ...["--resolver", `${resolver.address}:${resolver.port}`, "--allow-private-targets", "127.0.0.0/8"],
    ...["--unlimited-from", unlimitedFrom],
    ...((await more?.(file)) ?? []),
  ]);
  const stop = async () => {
    await gateway.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    const ready = await gateway.waitForLog(/^\{"ready":true/, { timeout: 60_000 });
    const { pid, admin } = JSON.parse(ready) as { pid: number; admin: string };
    return { pid, admin, process: gateway, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
