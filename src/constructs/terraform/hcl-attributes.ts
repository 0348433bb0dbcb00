/** What CDKTF wants to know of an attribute to write it as HCL. */
interface HclAttribute {
  readonly value: unknown;
  readonly isBlock: false;
  readonly type: "simple" | "list";
  readonly storageClassType: "string" | "boolean" | "number" | "stringList";
}

/** Attributes as CDKTF takes them for HCL, which names the kind of each; those left out stay out. */
export function hclAttributes(
  attributes: { readonly [name: string]: unknown },
  kinds: { readonly [name: string]: HclAttribute["storageClassType"] },
): { [name: string]: HclAttribute } {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => {
        const storageClassType = kinds[name] ?? "string";
        return [
          name,
          { value, isBlock: false, type: storageClassType === "stringList" ? "list" : "simple", storageClassType },
        ];
      }),
  );
}
