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
  validate?(config: ObjectValue): readonly Finding[];
  plan?(change: Change, context: C): void;
  create(planned: ObjectValue, context: C): ObjectValue | Promise<ObjectValue>;
  update(planned: ObjectValue, context: C, prior: ObjectValue): ObjectValue | Promise<ObjectValue>;
  /** The object as it is now; null when it is gone. */
  read(state: ObjectValue, context: C): ObjectValue | null | Promise<ObjectValue | null>;
  delete(prior: ObjectValue, context: C): void | Promise<void>;
  import?(id: string, context: C): ObjectValue | Promise<ObjectValue>;
}

export interface DataSource<C> {
  readonly schema: Block;
  /** The members that are computed; those configured stay as they are. */
  read(config: ObjectValue, context: C): ObjectValue | Promise<ObjectValue>;
}

export interface Provider<C> {
  readonly config: Block;
  configure(config: ObjectValue): C | Promise<C>;
  readonly resources: { readonly [type: string]: Resource<C> };
  readonly data: { readonly [type: string]: DataSource<C> };
}
