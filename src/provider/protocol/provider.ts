import type { Block } from "./schema";
import type { ObjectValue, Value } from "./value";

/** Where in a resource a finding lies: attribute names and places of list elements. */
export type Path = readonly (string | number)[];

/** Something to tell the user, as Terraform shows it: one line, and what to do. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
  readonly path?: Path;
}

/** Thrown by a provider's own code: shown to the user as it stands, without a stack. */
export class ProviderError extends Error {
  readonly code = "provider-refused";

  constructor(
    summary: string,
    readonly detail = "",
    readonly path?: Path,
  ) {
    super(summary);
    this.name = "ProviderError";
  }
}

/** One call of Terraform's, as far as the provider's own code may know of it. */
export interface Call {
  /** Aborts when Terraform is told to stop: end what can be ended, and leave things as a next run can take up. */
  readonly signal: AbortSignal;
  /** Tells the user something beside the result. */
  report(finding: Finding): void;
}

/** A change as it is planned. A resource may set members of `planned` and name what forces a replacement. */
export interface Change {
  readonly prior: ObjectValue | null;
  readonly config: ObjectValue;
  readonly planned: { [name: string]: Value };
  readonly replace: string[];
}

/** A resource over its schema; `C` is what `configure` made of the provider block. */
export interface Resource<C> {
  readonly schema: Block;
  /** What is wrong with a configuration, in which anything may be unknown yet. */
  validate?(config: ObjectValue): readonly Finding[];
  plan?(change: Change, context: C): void | Promise<void>;
  create(planned: ObjectValue, context: C, call: Call): ObjectValue | Promise<ObjectValue>;
  update(planned: ObjectValue, context: C, prior: ObjectValue, call: Call): ObjectValue | Promise<ObjectValue>;
  /** The object as it is now; null when it is gone. */
  read(state: ObjectValue, context: C, call: Call): ObjectValue | null | Promise<ObjectValue | null>;
  delete(prior: ObjectValue, context: C, call: Call): void | Promise<void>;
  import?(id: string, context: C, call: Call): ObjectValue | Promise<ObjectValue>;
}

export interface DataSource<C> {
  readonly schema: Block;
  /** What is wrong with a configuration, in which anything may be unknown yet. */
  validate?(config: ObjectValue): readonly Finding[];
  /** The members that are computed; those configured stay as they are. */
  read(config: ObjectValue, context: C, call: Call): ObjectValue | Promise<ObjectValue>;
}

export interface Provider<C> {
  readonly config: Block;
  configure(config: ObjectValue): C | Promise<C>;
  readonly resources: { readonly [type: string]: Resource<C> };
  readonly data: { readonly [type: string]: DataSource<C> };
}
