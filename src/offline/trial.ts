import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layMirror } from "./mirror";
import { OfflineError } from "./offline-error";
import { installedBindings } from "./schema/aws-schema";
import { bindingFolder } from "./schema/binding";
import { awsTypes, copyStack } from "./stack-copy";
import { served } from "./stand-in/resources";
import { runTerraform } from "./terraform-run";

export interface TrialOptions {
  /** Folder of the stack. It is copied, never written to. */
  readonly directory: string;
  /** The Terraform command. */
  readonly terraform: string;
  /** The bundled stand-in. */
  readonly bundle: string;
  /** Mirrors of further providers. */
  readonly providers?: readonly string[];
  readonly signal: AbortSignal;
  /** Is told what it does. */
  readonly onStep?: (step: string) => void;
}

/** What came of it. */
export interface Trial {
  /** `terraform show -json` of the plan. */
  readonly plan: unknown;
  /** `terraform show -json` of the state after the plan was applied on the stand-in. */
  readonly applied: unknown;
  /** Addresses that a second plan would change, which a settled stack has none of. */
  readonly unsettled: readonly string[];
}

/**
 * Validates, plans, applies and plans a stack again, on the stand-in for AWS: it makes nothing anywhere, reaches no
 * network and knows no credentials. It proves wiring, types and references, not what AWS would answer.
 * @throws OfflineError where Terraform refuses the stack
 */
export async function tryOut(options: TrialOptions): Promise<Trial> {
  const { directory, terraform, bundle, providers = [], signal, onStep = () => undefined } = options;
  if (!existsSync(bundle))
    throw new OfflineError("stand-in-missing", `the stand-in is not built: ${bundle}`, "run npm run build");
  const scratch = mkdtempSync(join(tmpdir(), "xmpp-edge-trial-"));
  try {
    const folder = join(scratch, "stack");
    copyStack(directory, folder);
    const laid = join(scratch, "stand-in");
    mkdirSync(laid);
    const types = [...new Set([...served, ...known(awsTypes(folder))])];
    const plugins = join(folder, "terraform.d", "plugins");
    const others = [...providers, ...(existsSync(plugins) ? [plugins] : [])];
    const configuration = layMirror(laid, { bundle, terraform, types, others, ownToo: true });
    const run = (...args: string[]) => {
      onStep(`terraform ${args[0]}`);
      return runTerraform({ terraform, folder, configuration, signal }, args);
    };
    await run("init", "-input=false", "-no-color");
    await run("validate", "-no-color");
    await run("plan", "-input=false", "-no-color", "-out=first");
    const plan = JSON.parse(await run("show", "-json", "first"));
    await run("apply", "-input=false", "-no-color", "first");
    const applied = JSON.parse(await run("show", "-json"));
    await run("plan", "-input=false", "-no-color", "-out=second");
    return { plan, applied, unsettled: changed(JSON.parse(await run("show", "-json", "second"))) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Of types without a binding Terraform says more than we could. */
const known = (types: readonly string[]): string[] =>
  types.filter((type) => existsSync(join(bindingFolder(installedBindings(), type), "index.js")));

interface ShownChanges {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
}

const changed = ({ resource_changes = [] }: ShownChanges): string[] =>
  resource_changes
    .filter(({ change }) => !["no-op", "read"].includes(change.actions.join()))
    .map(({ address }) => address);
