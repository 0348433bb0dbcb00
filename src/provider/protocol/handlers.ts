import { conform } from "./conform";
import { planned } from "./plan";
import type { Rpc } from "./protocol";
import {
  type Call,
  type DataSource,
  type Finding,
  type Path,
  type Provider,
  ProviderError,
  type Resource,
} from "./provider";
import { type DynamicValue, decodeObject, encode, mapValues, type ObjectValue, type Value } from "./value";
import { wireSchema } from "./wire-schema";

/** Requests as the protocol's messages have them: every field is there, defaults filled in. */
interface Request {
  readonly type_name: string;
  readonly id: string;
  readonly config: DynamicValue | null;
  readonly prior_state: DynamicValue | null;
  readonly current_state: DynamicValue | null;
  readonly proposed_new_state: DynamicValue | null;
  readonly planned_state: DynamicValue | null;
  readonly raw_state: { readonly json: Uint8Array };
}

export type Handler = (request: Request) => object | Promise<object>;

/** The protocol's calls answered by a provider. */
export function handlers<C>(provider: Provider<C>): { readonly [R in Rpc]: Handler } {
  let configured: { readonly context: C } | undefined;
  const stop = new AbortController();
  const context = (): C => {
    if (!configured) throw new ProviderError("the provider was used before it was configured");
    return configured.context;
  };
  const resource = (type: string): Resource<C> => known(provider.resources, type, "resource type");
  const dataSource = (type: string): DataSource<C> => known(provider.data, type, "data source");

  return {
    GetProviderSchema: () => ({
      provider: wireSchema(provider.config),
      resource_schemas: mapValues(provider.resources, ({ schema }) => wireSchema(schema)),
      data_source_schemas: mapValues(provider.data, ({ schema }) => wireSchema(schema)),
      server_capabilities: { get_provider_schema_optional: true },
    }),
    ValidateProviderConfig: () => ({}),
    ValidateResourceConfig: ({ type_name, config }) => ({
      diagnostics: (resource(type_name).validate?.(present(config)) ?? []).map(diagnostic),
    }),
    ValidateDataResourceConfig: ({ type_name, config }) => ({
      diagnostics: (dataSource(type_name).validate?.(present(config)) ?? []).map(diagnostic),
    }),
    ConfigureProvider: async ({ config }) => {
      configured = { context: await provider.configure(present(config)) };
      return {};
    },
    // Called at every refresh, also where the version has not changed: the state comes as JSON then.
    UpgradeResourceState: ({ type_name, raw_state }) => ({
      upgraded_state: encode(conform(resource(type_name).schema, present({ json: raw_state.json }))),
    }),
    ReadResource: async ({ type_name, current_state }) => {
      const type = resource(type_name);
      const call = new Answering(stop.signal);
      const now = await type.read(present(current_state), context(), call);
      return { new_state: encode(now && conform(type.schema, now)), ...call.told() };
    },
    PlanResourceChange: async ({ type_name, prior_state, proposed_new_state, config }) => {
      const proposed = decodeObject(proposed_new_state);
      if (proposed === null) return { planned_state: encode(null) };
      const type = resource(type_name);
      const prior = decodeObject(prior_state);
      const conf = present(config);
      const change = {
        prior,
        config: conf,
        planned: { ...planned(type.schema, proposed, conf, prior) },
        replace: [] as string[],
      };
      await type.plan?.(change, context());
      return {
        planned_state: encode(conform(type.schema, change.planned)),
        requires_replace: change.replace.map((name) => attributePath([name])),
      };
    },
    ApplyResourceChange: async ({ type_name, prior_state, planned_state }) => {
      const type = resource(type_name);
      const prior = decodeObject(prior_state);
      const plan = decodeObject(planned_state);
      const call = new Answering(stop.signal);
      try {
        return { new_state: encode(await applied(type, prior, plan, context(), call)), ...call.told() };
      } catch (error) {
        // An apply that failed must still say what exists: what existed before.
        return { new_state: prior_state, diagnostics: [...call.told().diagnostics, failure(error)] };
      }
    },
    ImportResourceState: async ({ type_name, id }) => {
      const type = resource(type_name);
      if (!type.import) throw new ProviderError(`${type_name} cannot be imported`);
      const call = new Answering(stop.signal);
      const state = conform(type.schema, await type.import(id, context(), call));
      return { imported_resources: [{ type_name, state: encode(state) }], ...call.told() };
    },
    ReadDataSource: async ({ type_name, config }) => {
      const source = dataSource(type_name);
      const conf = present(config);
      const call = new Answering(stop.signal);
      const read = await source.read(conf, context(), call);
      return { state: encode(conform(source.schema, { ...conf, ...read })), ...call.told() };
    },
    // Terraform was interrupted: it waits for the calls under way, which are to end soon and well.
    StopProvider: () => {
      stop.abort(new ProviderError("interrupted", "Terraform was told to stop. Run it again to finish."));
      return {};
    },
  };
}

/** A call under way, and what it has told so far. */
class Answering implements Call {
  readonly #findings: Finding[] = [];

  constructor(readonly signal: AbortSignal) {}

  report(finding: Finding): void {
    this.#findings.push(finding);
  }

  told(): { readonly diagnostics: readonly object[] } {
    return { diagnostics: this.#findings.map(diagnostic) };
  }
}

async function applied<C>(
  type: Resource<C>,
  prior: ObjectValue | null,
  plan: ObjectValue | null,
  context: C,
  call: Call,
): Promise<Value> {
  if (plan === null) {
    if (prior !== null) await type.delete(prior, context, call);
    return null;
  }
  const next = prior === null ? await type.create(plan, context, call) : await type.update(plan, context, prior, call);
  return conform(type.schema, next);
}

function known<T>(all: { readonly [type: string]: T }, type: string, kind: string): T {
  const found = Object.hasOwn(all, type) ? all[type] : undefined;
  if (!found) throw new ProviderError(`no ${kind} ${type}`, "This provider does not serve it.");
  return found;
}

function present(dynamic: DynamicValue | null): ObjectValue {
  const value = decodeObject(dynamic);
  if (value === null) throw new ProviderError("Terraform sent no value where the protocol has one");
  return value;
}

const attributePath = (path: Path): object => ({
  steps: path.map((step) => (typeof step === "number" ? { element_key_int: step } : { attribute_name: step })),
});

function diagnostic({ severity, summary, detail, path }: Finding): object {
  return { severity: severity === "error" ? 1 : 2, summary, detail, ...(path && { attribute: attributePath(path) }) };
}

/** An error as a diagnostic: the provider's own without a stack, anything else is a fault of ours and shows it. */
export function failure(error: unknown): object {
  if (error instanceof ProviderError) {
    const { message: summary, detail, path } = error;
    return diagnostic({ severity: "error", summary, detail, ...(path && { path }) });
  }
  const fault = error instanceof Error ? error : new Error(String(error));
  return diagnostic({ severity: "error", summary: fault.message, detail: fault.stack ?? "" });
}
