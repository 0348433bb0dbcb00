import { type FirewallRule, firewallRules } from "../definition";

/** A value as Terraform's JSON has it. */
export type PlanValue =
  | null
  | boolean
  | number
  | string
  | readonly PlanValue[]
  | { readonly [name: string]: PlanValue };

/** What a plan would do to one resource, and what the resource is afterwards. */
export interface PlannedResource {
  readonly address: string;
  readonly type: string;
  readonly mode: "managed" | "data";
  /** `create`, `update`, `delete`, `no-op`, `read`; a replacement has two. */
  readonly actions: readonly string[];
  /** Attributes after the deploy; empty where it is deleted. What is not known yet is missing. */
  readonly values: { readonly [name: string]: PlanValue };
  /** Attributes as they are now; undefined where it is created. */
  readonly before: { readonly [name: string]: PlanValue } | undefined;
  /** Attributes that are wholly or partly unknown until it is deployed. */
  readonly unknown: readonly string[];
}

/** Where the state lies; `unknown` where only the plan is there to judge. */
export type BackendKind = "local" | "remote" | "unknown";

/** A plan as rules see it. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  /** Outputs after the deploy, those that are known. */
  readonly outputs: { readonly [name: string]: PlanValue };
  /** What the definitions of the edges in it admit from the world. */
  readonly admitted: readonly FirewallRule[];
  readonly backend: BackendKind;
  /** True where the values are the stand-in's: no cloud was asked. */
  readonly standIn: boolean;
}

/** A plan's JSON that is none. */
export class PlanError extends Error {
  readonly code = "plan-unreadable";
  readonly expected = "what terraform show -json prints for a plan";

  constructor(
    readonly found: string,
    readonly remedy = "write it by: terraform plan -out=plan && terraform show -json plan > plan.json",
  ) {
    super(`this is no plan: ${found}`);
    this.name = "PlanError";
  }
}

interface PlanSource {
  readonly backend: BackendKind;
  readonly standIn: boolean;
  /** `terraform show -json` after the deploy, where it was tried out: it knows what the plan did not. */
  readonly applied?: unknown;
}

type Members = { readonly [name: string]: unknown };

/**
 * Reads `terraform show -json` of a plan.
 * @throws PlanError
 */
export function readPlan(json: unknown, { backend, standIn, applied }: PlanSource): Plan {
  if (!isMembers(json) || typeof json.format_version !== "string") throw new PlanError("it has no format_version");
  if (!/^1\./.test(json.format_version))
    throw new PlanError(`format ${json.format_version}`, "use Terraform 1.11 or later of the first line, or OpenTofu");
  if (!Array.isArray(json.resource_changes) && !isMembers(json.planned_values))
    throw new PlanError("it holds a state or nothing at all");
  const after = stateValues(applied);
  const resources = (Array.isArray(json.resource_changes) ? json.resource_changes : []).map((change) =>
    resourceOf(change, after),
  );
  const planned = isMembers(json.planned_values) ? json.planned_values.outputs : undefined;
  const shown = isMembers(applied) && isMembers(applied.values) ? applied.values.outputs : undefined;
  return { resources, outputs: outputsOf(shown ?? planned), admitted: admittedBy(resources), backend, standIn };
}

function resourceOf(json: unknown, after: ReadonlyMap<string, Members>): PlannedResource {
  if (!isMembers(json) || !isMembers(json.change)) throw new PlanError("a resource_changes entry has no change");
  const { address, type, mode, change } = json;
  if (typeof address !== "string" || typeof type !== "string") throw new PlanError("a change names no resource");
  const { actions, before, after: planned, after_unknown } = change as Members;
  const known = after.get(address);
  return {
    address,
    type,
    mode: mode === "data" ? "data" : "managed",
    actions: Array.isArray(actions) ? actions.map(String) : [],
    values: (known ?? (isMembers(planned) ? planned : {})) as PlannedResource["values"],
    before: isMembers(before) ? (before as PlannedResource["values"]) : undefined,
    unknown:
      known === undefined && isMembers(after_unknown)
        ? Object.keys(after_unknown).filter((name) => isUnknown(after_unknown[name]))
        : [],
  };
}

/** `after_unknown` has true where a value is unknown, and the shape of the value around it. */
function isUnknown(value: unknown): boolean {
  if (value === true) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(isUnknown);
}

function stateValues(applied: unknown): Map<string, Members> {
  const found = new Map<string, Members>();
  const visit = (module: unknown): void => {
    if (!isMembers(module)) return;
    for (const resource of Array.isArray(module.resources) ? module.resources : [])
      if (isMembers(resource) && typeof resource.address === "string" && isMembers(resource.values))
        found.set(resource.address, resource.values);
    for (const child of Array.isArray(module.child_modules) ? module.child_modules : []) visit(child);
  };
  if (isMembers(applied) && isMembers(applied.values)) visit(applied.values.root_module);
  return found;
}

function outputsOf(outputs: unknown): Plan["outputs"] {
  if (!isMembers(outputs)) return {};
  const known = Object.entries(outputs).filter(([, output]) => isMembers(output) && output.value !== undefined);
  return Object.fromEntries(known.map(([name, output]) => [name, (output as Members).value as PlanValue]));
}

/** What the gateway documents in the plan say that the edges listen on. Without one nothing is admitted. */
function admittedBy(resources: readonly PlannedResource[]): FirewallRule[] {
  return resources
    .filter(({ type }) => type === "aws_s3_object")
    .flatMap(({ values }) => {
      const document = typeof values.content === "string" ? documentOf(values.content) : undefined;
      if (document === undefined) return [];
      const { accessEdge, certificate, internal } = document;
      const { challenge } = certificate ?? {};
      return firewallRules({
        accessEdge,
        certificate: {
          source: challenge === undefined ? { kind: "request" } : { kind: "acme", challenge },
        },
        internal,
      });
    })
    .filter(({ direction }) => direction === "in");
}

interface DocumentPorts {
  readonly accessEdge: { readonly port: number };
  readonly certificate?: { readonly challenge?: "http-01" | "tls-alpn-01" };
  readonly internal?: Parameters<typeof firewallRules>[0]["internal"];
}

function documentOf(content: string): DocumentPorts | undefined {
  try {
    const document = JSON.parse(content);
    const isOne = document?.format === "xmpp-edge-gateway" && Number.isInteger(document?.accessEdge?.port);
    return isOne ? document : undefined;
  } catch {
    return undefined; // some other object of theirs
  }
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
