import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { LoadError } from "../load";
import { runDefinition } from "../load/typescript";
import { OfflineError } from "../offline/offline-error";
import { backendOf } from "../offline/stack-copy";
import { TerraformMissing, terraformBinary } from "../offline/terraform-binary";
import { tryOut } from "../offline/trial";
import { type BackendKind, judge, type Plan, PlanError, type PlanFinding, RULES, readPlan } from "../policy-rules";
import { loadPolicy, type Policy, PolicyError } from "../policy-rules/load-rules";
import { type CliContext, CommandError, UsageError } from "./context";
import { locatedMessage } from "./output/findings";
import { jsonText } from "./output/json";
import { printable } from "./output/printable";
import { styleFor } from "./output/style";

interface PlanOptions {
  readonly offline?: true;
  readonly plan?: string;
  readonly policy?: string;
  readonly providers?: string;
  readonly failOn: "error" | "warn";
  readonly json?: true;
}

/** What is planned where nothing is named. */
const USUAL = ["edge.config.ts", "edge.config.json", "edge.config.yaml"];
/** Bytes of a plan's JSON; a stack of a few hundred resources has 2 MB. */
const LARGEST_PLAN = 256 * 2 ** 20;
const BUNDLE = join(__dirname, "..", "..", "dist", "offline", "stand-in-for-hashicorp-aws.cjs");

export function register(program: Command, context: CliContext): void {
  program
    .command("plan")
    .summary("hold a stack's plan to rules, with or without a cloud")
    .description(
      "Holds Terraform's plan of a stack to rules: nothing open that the definition does not ask for, no secrets, no wildcard rights, no lost address. With --offline the plan is made, applied and made again on a stand-in for AWS, without network and credentials.",
    )
    .argument("[stack]", `a definition, or a folder with Terraform files; default ${USUAL.join(", ")}`)
    .option("--offline", "make the plan on the stand-in for AWS")
    .option("--plan <file>", "judge this plan instead: what terraform show -json printed")
    .option("--policy <directory>", "rules of your own (.ts, .js) and waivers.json besides")
    .option("--providers <directory>", "where to find other providers: what terraform providers mirror wrote")
    .addOption(
      new Option("--fail-on <severity>", "end with 1 from this severity on")
        .choices(["error", "warn"])
        .default("error"),
    )
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      `
The stand-in proves wiring, types and references. It says nothing about what AWS would answer.

Examples:
  xmpp-edge plan --offline edge.config.ts
  xmpp-edge plan --offline cdktf.out/stacks/contoso --policy policies
  terraform plan -out=plan && terraform show -json plan > plan.json
  xmpp-edge plan --plan plan.json cdktf.out/stacks/contoso

Exit codes: 0 every rule is kept, 1 a rule is broken or Terraform refuses the stack, 2 used wrongly, 3 no Terraform.`,
    )
    .action((stack: string | undefined, options: PlanOptions) => plan(stack, options, context));
}

async function plan(stack: string | undefined, options: PlanOptions, context: CliContext): Promise<void> {
  if (options.offline === undefined && options.plan === undefined)
    throw new UsageError("neither --offline nor --plan FILE is given", "say --offline to plan without a cloud");
  if (options.offline && options.plan !== undefined)
    throw new UsageError("--offline and --plan are given", "give one: make the plan, or judge one that is made");
  const policy = options.policy === undefined ? { rules: [], waivers: [] } : readPolicy(options.policy);
  const judged = options.plan === undefined ? await offline(stack, options, context) : given(options.plan, stack);
  const { findings } = judge(judged.plan, [...RULES, ...policy.rules], policy.waivers, Date.now());
  const all = [...judged.findings, ...findings];
  const unwanted = all.some(
    ({ severity }) => severity === "error" || (severity === "warning" && options.failOn === "warn"),
  );
  const { backend, standIn, resources } = judged.plan;
  const changes = resources
    .map(({ address, actions }) => ({ address, actions }))
    .filter(({ actions }) => !["no-op", "read"].includes(actions.join()));
  context.stdout(
    options.json
      ? jsonText({ stack: judged.name, standIn, backend, kept: !unwanted, changes, findings: all })
      : text({ name: judged.name, standIn, changes: changes.length, findings: all, kept: !unwanted }, context.colour),
  );
  context.exit(unwanted ? 1 : 0);
}

interface Judged {
  readonly name: string;
  readonly plan: Plan;
  /** What was found before any rule was asked. */
  readonly findings: readonly PlanFinding[];
}

async function offline(stack: string | undefined, { providers }: PlanOptions, context: CliContext): Promise<Judged> {
  const name = stack ?? USUAL.find((file) => existsSync(file));
  if (name === undefined)
    throw new UsageError(
      `there is none of ${USUAL.join(", ")} here`,
      "name a definition or a folder with Terraform files",
    );
  if (!existsSync(name))
    throw new UsageError(`${name} is not there`, "name a definition or a folder with Terraform files");
  const scratch = mkdtempSync(join(tmpdir(), "xmpp-edge-plan-"));
  const progress = context.progress("planning on the stand-in for AWS");
  try {
    const directory = statSync(name).isDirectory() ? resolve(name) : await synthesised(name, scratch, context);
    const { plan, applied, unsettled } = await tryOut({
      directory,
      terraform: terraformBinary(),
      bundle: BUNDLE,
      signal: context.signal,
      ...(providers !== undefined && { providers: [resolve(providers)] }),
    });
    const backend = backendOf(directory);
    return {
      name,
      // The stack's own backend was never spoken to; the trial's state is gone.
      plan: { ...readPlan(plan, { backend: "local", standIn: true, applied }), backend },
      findings: unsettled.map(unsettledFinding),
    };
  } catch (error) {
    throw explained(error);
  } finally {
    progress.done();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function synthesised(file: string, scratch: string, context: CliContext): Promise<string> {
  const definition = await context.load(file);
  const { synthesise } = constructs();
  return dirname(synthesise(definition, join(scratch, "out")).file);
}

/** An optional part of the package: its libraries are the user's to install. */
function constructs(): typeof import("../constructs") {
  process.noDeprecation = true; // cdktf is archived and calls util.isArray: not for our user to mend
  try {
    return require("../constructs") as typeof import("../constructs");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      "cdktf, constructs or @cdktf/provider-aws is not installed",
      "npm install cdktf constructs @cdktf/provider-aws",
    );
  }
}

function given(file: string, stack: string | undefined): Judged {
  let json: unknown;
  try {
    if (statSync(file).size > LARGEST_PLAN) throw new PlanError(`it has more than ${LARGEST_PLAN} bytes`);
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof PlanError) throw explained(error);
    throw new UsageError(
      `${file} cannot be read as JSON`,
      "write it by: terraform plan -out=plan && terraform show -json plan > plan.json",
    );
  }
  try {
    const backend: BackendKind = stack === undefined ? "unknown" : backendOf(stack);
    return { name: file, plan: readPlan(json, { backend, standIn: false }), findings: [] };
  } catch (error) {
    throw explained(error);
  }
}

function readPolicy(folder: string): Policy {
  try {
    return loadPolicy(
      folder,
      RULES.map(({ id }) => id),
      runDefinition,
    );
  } catch (error) {
    if (error instanceof PolicyError) throw new UsageError(error.message, error.remedy);
    if (error instanceof LoadError)
      throw new UsageError(
        locatedMessage(error),
        error.code === "default-export-wrong" ? "export default { id, severity, title, remedy, check }" : error.remedy,
      );
    throw error;
  }
}

const unsettledFinding = (address: string): PlanFinding => ({
  rule: "plan-settles",
  severity: "error",
  address,
  found: "a second plan would change it again",
  expected: "nothing to do after the deploy",
  remedy: "find the argument that reads otherwise than it is written (terraform plan says so)",
});

function explained(error: unknown): unknown {
  if (error instanceof OfflineError) {
    const isTheirs = error.code === "terraform-refused";
    return isTheirs ? new CommandError(error.found, 1, error.remedy) : new UsageError(error.found, error.remedy);
  }
  if (error instanceof PlanError) return new UsageError(error.message, error.remedy);
  if (error instanceof TerraformMissing) return new CommandError(error.message, 3);
  return error;
}

interface Shown {
  readonly name: string;
  readonly standIn: boolean;
  readonly changes: number;
  readonly findings: readonly PlanFinding[];
  readonly kept: boolean;
}

function text({ name, standIn, changes, findings, kept }: Shown, colour: boolean): string {
  const style = styleFor(colour);
  const lines = findings.flatMap(({ rule, severity, address, found, expected, remedy, waived }) => [
    `${style(severity, severity === "info" ? "note" : severity)}  ${style("strong", printable(address))}  ${printable(found)}`,
    `  expected: ${printable(expected)}`,
    ...(waived === undefined
      ? [`  → ${printable(remedy)}`]
      : [`  waived until ${waived.until}: ${printable(waived.reason)}`]),
    style("faint", `  ${rule}`),
  ]);
  const verdict = kept ? style("good", "keeps every rule") : style("error", "breaks rules");
  const made = standIn ? "; planned and applied on the stand-in for AWS, nothing was made" : "";
  const count = (severity: PlanFinding["severity"]) =>
    findings.filter((finding) => finding.severity === severity).length;
  const counts = `${count("error")} errors, ${count("warning")} warnings, ${count("info")} notes`;
  return `${lines.map((line) => `${line}\n`).join("")}${printable(name)} ${verdict}: ${changes} changes, ${counts}${made}\n`;
}
