import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import contoso from "../examples/contoso/edge.config";
import { synthesise } from "../src/constructs";
import { layMirror } from "../src/offline/mirror";
import { copyStack } from "../src/offline/stack-copy";
import { served } from "../src/offline/stand-in/resources";
import { terraformBinary } from "../src/offline/terraform-binary";
import { runTerraform } from "../src/offline/terraform-run";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** Wall time of Terraform on the stand-in for AWS, in milliseconds, one entry a round. */
export interface ApplyResult {
  /** A plan and its application to an empty state. */
  readonly apply: readonly number[];
  /** A plan that finds nothing to do. */
  readonly unchanged: readonly number[];
  /** A plan and its application after one partner was added. */
  readonly partner: readonly number[];
  /** What that touched, as `aws_s3_object.partners update`: all rounds alike. */
  readonly touched: readonly string[];
}

/** Milliseconds that applying the example stack may take. */
export const APPLY_BAR = 2000;

/** Applies the example stack on the stand-in, each round to an empty state. */
export async function measureApply(rounds: number, say: (text: string) => void): Promise<ApplyResult> {
  const scratch = mkdtempSync(join(tmpdir(), "xmpp-edge-bench-"));
  try {
    const bundle = join(__dirname, "..", "dist", "offline", "stand-in-for-hashicorp-aws.cjs");
    const laid = join(scratch, "stand-in");
    mkdirSync(laid);
    const terraform = terraformBinary();
    const configuration = layMirror(laid, { bundle, terraform, types: served });
    const stack = dirname(synthesise(contoso, join(scratch, "out")).file);
    const partners = [...contoso.partners, { ...contoso.partners[0]!, domain: "adatum.example" }];
    const grown = synthesise({ ...contoso, partners }, join(scratch, "grown")).file;
    const { signal } = new AbortController();
    const result = { apply: [] as number[], unchanged: [] as number[], partner: [] as number[], touched: [""] };
    for (let round = 1; round <= rounds; round++) {
      say(`apply of the example stack on the stand-in, round ${round}`);
      const folder = join(scratch, `round-${round}`);
      copyStack(stack, folder);
      const run = (...args: string[]) => runTerraform({ terraform, folder, configuration, signal }, args);
      await run("init", "-input=false", "-no-color");
      const timed = async (command: string, ...args: string[]): Promise<number> => {
        const start = performance.now();
        await run(command, "-input=false", "-no-color", ...args);
        return performance.now() - start;
      };
      result.apply.push(await timed("apply", "-auto-approve"));
      result.unchanged.push(await timed("plan", "-detailed-exitcode"));
      copyFileSync(grown, join(folder, basename(grown)));
      const planned = await timed("plan", "-out=partner");
      result.touched = touchedBy(JSON.parse(await run("show", "-json", "partner")));
      result.partner.push(planned + (await timed("apply", "partner")));
    }
    return result;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface ShownPlan {
  readonly resource_changes?: readonly { readonly address: string; readonly change: { readonly actions: string[] } }[];
}

const touchedBy = ({ resource_changes = [] }: ShownPlan): string[] =>
  resource_changes
    .map(({ address, change }) => `${address} ${change.actions.join(", ")}`)
    .filter((text) => !/ (no-op|read)$/.test(text));

/** One object, in place: the host, which would be replaced, is none of them. */
const touchesOneObject = ({ touched }: ApplyResult): boolean =>
  touched.length === 1 && /^aws_s3_object\.\S+ update$/.test(touched[0] ?? "");

export const meetsApplyBar = (result: ApplyResult): boolean =>
  spread(result.apply).least <= APPLY_BAR && touchesOneObject(result);

export function applyReport(result: ApplyResult): string {
  const row = (name: string, times: readonly number[]) => {
    const { least, median } = spread(times);
    return [name, significant(least), significant(median)];
  };
  return [
    "Terraform on the stand-in for AWS, the example stack",
    "",
    table(
      ["", "least ms", "median ms"],
      [
        row("apply", result.apply),
        row("plan, nothing to do", result.unchanged),
        row("plan and apply, one partner more", result.partner),
      ],
    ),
    "",
    `Bar: apply in at most ${APPLY_BAR} ms: ${spread(result.apply).least <= APPLY_BAR ? "kept" : "MISSED"}.`,
    `Bar: one partner more updates one object and replaces nothing: ${touchesOneObject(result) ? "kept" : "MISSED"} (${result.touched.join("; ")}).`,
  ].join("\n");
}

async function main(): Promise<void> {
  const result = await measureApply(3, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${applyReport(result)}\n`);
  if (!meetsApplyBar(result)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
