import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { BUILT_PROVIDER } from "../src/provider/built-provider";
import { selfSigned } from "../src/provider/protocol/certificate";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** How long Terraform waits for our provider at every command. */
export interface ProviderResult {
  /** Milliseconds from the start of the process to its handshake: the least, and the median. */
  readonly leastMs: number;
  readonly medianMs: number;
  /** The same of a Node that does nothing, to its end. */
  readonly emptyNodeMs: number;
}

/** The step's bar, in milliseconds. */
export const PROVIDER_BAR = 100;

const PLUGIN = {
  TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
  PLUGIN_CLIENT_CERT: selfSigned(new Date()).pem.toString(),
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};

/** Starts the provider as Terraform does, one after the other. */
export async function measureProvider(starts: number, say: (text: string) => void): Promise<ProviderResult> {
  say(`${starts} starts of the Terraform provider`);
  const [times, empty]: [number[], number[]] = [[], []];
  for (let start = 0; start < starts; start++) {
    times.push(await timed(BUILT_PROVIDER, []));
    empty.push(await timed(process.execPath, ["-e", "process.stdout.write('ready')"]));
  }
  const { least, median } = spread(times);
  return { leastMs: least, medianMs: median, emptyNodeMs: spread(empty).median };
}

/** Until the first output. */
async function timed(file: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(file, args, { env: PLUGIN, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  const took = performance.now() - started;
  child.kill("SIGTERM");
  await exited;
  return took;
}

/** By the least of the starts: what else the machine does only ever adds. */
export const meetsProviderBar = ({ leastMs }: ProviderResult): boolean => leastMs < PROVIDER_BAR;

export function providerReport(result: ProviderResult): string {
  const { leastMs, medianMs, emptyNodeMs } = result;
  const met = meetsProviderBar(result) ? "met" : "missed";
  return [
    "Start of the Terraform provider until its handshake, beside a Node that only prints",
    "",
    table(
      ["least ms", "median ms", "Node's median ms", "bar"],
      [[significant(leastMs), significant(medianMs), significant(emptyNodeMs), `< ${PROVIDER_BAR} ${met}`]],
    ),
  ].join("\n");
}
