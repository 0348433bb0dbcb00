import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BuiltImage } from "../src/gateway/image";
import { significant } from "./report/spread";
import { table } from "./report/table";

/** Wall time of `xmpp-edge image build`, whole process, in seconds; sizes in bytes. */
export interface ImageResult {
  readonly rows: readonly { readonly what: string; readonly seconds: number; readonly bar: number | undefined }[];
  /** Of the larger platform's image, compressed. */
  readonly size: number;
}

/** Bytes. */
const SIZE_BAR = 60_000_000;
/** Seconds, for the platform of one machine and for a changed definition. */
const COLD_BAR = 10;
const CHANGED_BAR = 2;

/** Times the built command line: with nothing, with the packages, and with the base layer in the cache. */
export async function measureImage(say: (text: string) => void): Promise<ImageResult> {
  const program = join(__dirname, "..", "dist", "cli", "main.js");
  if (!existsSync(program)) throw new Error("dist/cli/main.js is missing: build first (npm run build)");
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-bench-"));
  const cache = join(folder, "cache");
  const output = join(folder, "image");
  const definition = join(folder, "edge.json");
  let built: BuiltImage | undefined;
  const timed = (...platforms: string[]) => {
    const argv = ["image", "build", definition, "--output", output, "--cache", cache, "--json"];
    const start = performance.now();
    const printed = execFileSync(
      process.execPath,
      [program, ...argv, ...platforms.flatMap((platform) => ["--platform", platform])],
      { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" },
    );
    built = JSON.parse(printed) as BuiltImage;
    return (performance.now() - start) / 1000;
  };
  try {
    await writeFile(definition, definitionWith("fabrikam.example"));
    say("image: cold, one platform");
    const coldOne = timed("linux/amd64");
    await rm(cache, { recursive: true });
    say("image: cold, both platforms");
    const coldBoth = timed();
    for (const name of await readdir(cache)) if (name.startsWith("base-")) await rm(join(cache, name));
    say("image: base layers anew, packages there");
    const packed = timed();
    await writeFile(definition, definitionWith("other.example"));
    say("image: only the definition changed");
    const changed = timed();
    return {
      rows: [
        { what: "one platform, nothing cached", seconds: coldOne, bar: COLD_BAR },
        { what: "both platforms, nothing cached", seconds: coldBoth, bar: undefined },
        { what: "both platforms, packages cached", seconds: packed, bar: COLD_BAR },
        { what: "both platforms, only the definition changed", seconds: changed, bar: CHANGED_BAR },
      ],
      size: Math.max(...built!.platforms.map(({ compressedSize }) => compressedSize)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** True where every bar is kept. */
export const meetsImageBars = ({ rows, size }: ImageResult): boolean =>
  size < SIZE_BAR && rows.every(({ seconds, bar }) => bar === undefined || seconds < bar);

export function imageReport({ rows, size }: ImageResult): string {
  const cells = rows.map(({ what, seconds, bar }) => [
    what,
    significant(seconds),
    bar === undefined ? "" : `under ${bar}: ${seconds < bar ? "kept" : "MISSED"}`,
  ]);
  return [
    "xmpp-edge image build, whole process",
    "",
    table(["what", "s", "bar"], cells),
    "",
    `Compressed ${(size / 1e6).toFixed(1)} MB; bar under ${SIZE_BAR / 1e6} MB: ${size < SIZE_BAR ? "kept" : "MISSED"}.`,
  ].join("\n");
}

const definitionWith = (partner: string) =>
  JSON.stringify({
    name: "bench",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: [{ name: "contoso.example" }],
    partners: [{ domain: partner, partnerType: "Federated" }],
  });

async function main(): Promise<void> {
  const result = await measureImage((text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${imageReport(result)}\n`);
  if (!meetsImageBars(result)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
