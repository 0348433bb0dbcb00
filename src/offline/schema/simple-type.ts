import type { Type } from "../../provider/protocol/schema";
import type { Row } from "./synthesis-table";

const SCALARS: { readonly [name: string]: Type } = {
  String: "string",
  Number: "number",
  Boolean: "bool",
  Any: "dynamic",
};
const STORED: { readonly [name: string]: Type } = {
  string: "string",
  number: "number",
  boolean: "bool",
  any: "dynamic",
};

/**
 * The type of an attribute without structure of its own, from whichever place states it: a map wrapper
 * (`new cdktf.StringMap(…)`), the getter (`getNumberListAttribute`), or the synthesis table.
 */
export function simpleType(declaration: string, initialiser: string | undefined, row: Row | undefined): Type {
  return wrapped(initialiser ?? "") ?? wrapped(declaration) ?? got(declaration, row) ?? stored(declaration, row);
}

function wrapped(text: string): Type | undefined {
  const m = /new cdkt[fn]\.(String|Number|Boolean|Any)(MapList|Map|List)\(/.exec(text);
  if (!m) return undefined;
  const element = SCALARS[m[1]!]!;
  if (m[2] === "MapList") return ["list", ["map", element]];
  return [m[2] === "Map" ? "map" : "list", element];
}

function got(declaration: string, row: Row | undefined): Type | undefined {
  const m = /(tolist\()?this\.get(String|Number|Boolean)?(List|Map|NumberList|StringMap)?Attribute\('\w+'\)/.exec(
    declaration,
  );
  if (!m) return undefined;
  const [, set, element = "String", shape] = m;
  if (shape === undefined) return SCALARS[element]!;
  return [shape === "Map" ? "map" : set !== undefined || row?.kind === "set" ? "set" : "list", SCALARS[element]!];
}

function stored(declaration: string, row: Row | undefined): Type {
  const m = /^(string|number|boolean|any)(List|Map)?(List|Map)?$/.exec(row?.storage ?? "");
  if (!m) return "dynamic";
  const layers = [m[2], m[3]].filter((layer) => layer !== undefined);
  const set = row?.kind === "set" || declaration.includes("tolist(");
  return layers.reduce<Type>((type, layer, at) => {
    const outermost = at === layers.length - 1;
    if (layer === "Map") return ["map", type];
    return [outermost && set ? "set" : "list", type];
  }, STORED[m[1]!]!);
}
