/**
 * `npm run bench [-- --smoke] [-- --part NAME]... [-- --json FILE]`: all that the project measures of itself, or some
 * parts of it, in one report.
 * Exit codes: 0 measured · 1 a bar is missed, or something did not work · 2 used wrongly.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { parts } from "./parts";

interface Options {
  readonly smoke: boolean;
  readonly part: readonly string[];
  readonly json?: string;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        smoke: { type: "boolean", default: false },
        part: { type: "string", multiple: true, default: Object.keys(parts) },
        json: { type: "string" },
      },
      allowPositionals: false,
    });
    const unknown = values.part.find((name) => !Object.hasOwn(parts, name));
    if (unknown !== undefined) throw new Error(`there is no part ${unknown}`);
    return values;
  } catch (error) {
    process.stderr.write(
      `bench: ${(error as Error).message}\n` +
        "Usage: npm run bench -- [--smoke] [--part NAME]... [--json FILE]\n" +
        `Parts: ${Object.keys(parts).join(", ")}\n`,
    );
    process.exit(2);
  }
}

async function bench({ smoke, part: wanted, json }: Options): Promise<void> {
  const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
  const print = (text: string) => process.stdout.write(`${text}\n\n`);
  print(`xmpp-edge bench, Node ${process.versions.node}, ${machine()}${smoke ? ": smoke, figures mean nothing" : ""}`);
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (!wanted.includes(name)) continue;
    const result = await part(smoke, say);
    print(result.report);
    figures[name] = result.figures;
    if (!result.met) missed.push(name);
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ smoke, ...figures }, null, 2)}\n`);
  if (smoke || missed.length === 0) return;
  print(`Bars are missed in: ${missed.join(", ")}`);
  process.exitCode = 1;
}

function machine(): string {
  const all = cpus();
  return `${all.length} cores (${all[0]?.model.trim() ?? "unknown"})`;
}

bench(readOptions()).catch((error: unknown) => {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
