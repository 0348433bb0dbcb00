import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defineEdge, type EdgeInput, gatewayDocument } from "../src/definition";
import { buildImage } from "../src/gateway/image";
import { pushImage } from "../src/gateway/image/registry";
import { ContainerGateway } from "../test/peers/rig/container-gateway";
import { PeerRigError } from "../test/peers/rig/peer-error";
import { peerRoot } from "../test/peers/rig/peer-root";
import { TestAuthority } from "../test/peers/rig/pki";
import { Podman } from "../test/peers/rig/podman";
import { freePort, LoopbackNetwork } from "../test/peers/rig/ports";
import { startRegistry } from "../test/peers/rig/registry";
import { makeWorkFolder } from "../test/peers/rig/work-folder";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** The program image on its way to a host: pushed, pushed again, and run from its digest. */
export interface ContainerResult {
  readonly push: { readonly ms: number; readonly bytes: number };
  /** The same once more, as a deploy without a change does. */
  readonly again: { readonly ms: number; readonly bytes: number };
  /** Milliseconds from `podman run` to the line of readiness, one entry a start. */
  readonly ready: readonly number[];
  /** Milliseconds that `podman stop` took without traffic. */
  readonly stop: readonly number[];
}

/** The step's bar for readiness, in milliseconds. */
const READY_BAR = 1_000;

/** Why it cannot be measured here; undefined where it can. */
export function withoutContainers(): string | undefined {
  if (process.getuid?.() !== 0) return "podman needs root here";
  try {
    peerRoot();
  } catch (error) {
    if (error instanceof PeerRigError) return error.message;
    throw error;
  }
  return undefined;
}

/** Pushes the program image to docker-registry and starts it under podman (vfs, runc) so many times. */
export async function measureContainer(starts: number, say: (text: string) => void): Promise<ContainerResult> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const work = await makeWorkFolder();
    ends.push(() => rm(work, { recursive: true, force: true }));
    say("container: image");
    const cache = resolve(__dirname, "../.cache/image");
    const { layout, programDigest } = await buildImage({ output: join(work, "layout"), platforms: PLATFORM, cache });
    const network = await LoopbackNetwork.claim();
    ends.push(() => network.release());
    const address = network.address();
    const registry = await startRegistry({ address, port: await freePort(address, 5000) });
    ends.push(() => registry.stop());
    const push = async () => {
      const since = performance.now();
      const pushed = await pushImage({ layout, digest: programDigest, repository: `${registry.host}/edge/gateway` });
      return { reference: pushed.reference, ms: performance.now() - since, bytes: pushed.pushedBytes };
    };
    say("container: push");
    const { reference, ...first } = await push();
    const { ms, bytes } = await push();
    const podman = await Podman.open({ plainRegistries: [registry.host] });
    ends.push(() => podman.close());
    await podman.command("pull", "--quiet", reference);
    const authority = await TestAuthority.create();
    const gateway = await ContainerGateway.prepare({
      ...{ podman, document: JSON.stringify(gatewayDocument(defineEdge(EDGE))) },
      certificates: await authority.issue({ names: ["contoso.example", "xmpp.contoso.example"] }),
      ...{ address, s2sPort: await freePort(address, 5269), resolver: { address, port: 53 } },
    });
    const [ready, stop]: [number[], number[]] = [[], []];
    for (let start = 1; start <= starts; start++) {
      say(`container: start ${start}`);
      ready.push(await gateway.start(reference));
      stop.push((await gateway.stop()).ms);
    }
    return { push: first, again: { ms, bytes }, ready, stop };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const PLATFORM = [process.arch === "arm64" ? "linux/arm64" : "linux/amd64"] as const;

const EDGE: EdgeInput = {
  name: "bench",
  accessEdge: { fqdn: "xmpp.contoso.example" },
  domains: [{ name: "contoso.example" }],
  partners: [{ domain: "fabrikam.example", partnerType: "Federated" }],
  internal: { kind: "sandbox", users: ["alice@contoso.example"] },
};

/** Readiness by the least of the starts: what else the machine does only ever adds. */
export const meetsContainerBars = ({ again, ready }: ContainerResult): boolean =>
  again.bytes === 0 && spread(ready).least < READY_BAR;

export function containerReport({ push, again, ready, stop }: ContainerResult): string {
  const row = (name: string, times: readonly number[], verdict = "") => {
    const { least, median, greatest } = spread(times);
    return [name, significant(least), significant(median), significant(greatest), verdict];
  };
  const kept = spread(ready).least < READY_BAR ? "met" : "missed";
  return [
    "The program image: docker-registry and podman (vfs, runc)",
    "",
    table(
      ["", "least ms", "median ms", "greatest ms", "bar"],
      [
        row(`push, ${(push.bytes / 1e6).toFixed(1)} MB`, [push.ms]),
        row(`push again, ${again.bytes} bytes`, [again.ms], `0 bytes ${again.bytes === 0 ? "met" : "missed"}`),
        row("podman run until ready", ready, `< ${READY_BAR.toLocaleString("en-US")} ${kept}`),
        row("podman stop, no traffic", stop),
      ],
    ),
  ].join("\n");
}

async function main(): Promise<void> {
  const missing = withoutContainers();
  if (missing !== undefined) throw new Error(missing);
  const result = await measureContainer(5, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${containerReport(result)}\n`);
  if (!meetsContainerBars(result)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
