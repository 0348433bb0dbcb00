/** One line of a binding's HCL synthesis table. */
export interface Row {
  /** `simple`, `list`, `set`, `map` or `struct`. */
  readonly kind: string;
  /** `string`, `stringList`, `InstanceRootBlockDevice`, … */
  readonly storage: string;
  /** A missing member is written as null: the mark of an object type. */
  readonly padded: boolean;
}

const ROW =
  /^ +(\w+): \{\n\s+value: (.*),\n\s+isBlock: (?:true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)"/gm;

/** The HCL synthesis table in a piece of generated source, by Terraform name. */
export function synthesisTable(source: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const [, name, value, kind, storage] of source.matchAll(ROW)) {
    rows.set(name!, { kind: kind!, storage: storage!, padded: value!.includes("=== undefined ? null") });
  }
  return rows;
}
