/**
 * A provider's schema in memory: what a resource's attributes and blocks are, in the words of Terraform's plugin
 * protocol. `Type` is Terraform's own JSON form of a type, so that `JSON.stringify(type)` is what goes over the wire.
 */
export type Type =
  | "string"
  | "number"
  | "bool"
  | "dynamic"
  | readonly ["list" | "set" | "map", Type]
  | readonly ["object", { readonly [name: string]: Type }];

/** An attribute made of attributes that keep their own flags (protocol 6's nested attribute types). */
export interface NestedType {
  readonly nested: "list" | "set" | "single" | "map";
  readonly attributes: Attributes;
}

export interface Attribute {
  readonly type: Type | NestedType;
  /** One sentence or two, for the documentation. */
  readonly description?: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
}

export interface Attributes {
  readonly [name: string]: Attribute;
}

/** The inside of a resource, a data source, a provider's configuration or a block. */
export interface Block {
  readonly description?: string;
  readonly attributes: Attributes;
  readonly blocks: { readonly [name: string]: NestedBlock };
}

export interface NestedBlock extends Block {
  readonly nesting: "single" | "list" | "set";
  readonly min?: number;
  readonly max?: number;
}

export function isNested(type: Type | NestedType): type is NestedType {
  return typeof type === "object" && "nested" in type;
}
