import { type Attributes, type Block, isNested, type NestedType, type Type } from "./schema";
import { isList, isObject, isUnknown, mapValues, type ObjectValue, type Value } from "./value";

/**
 * An object as Terraform insists on it: every attribute and block of the schema present, absent attributes null,
 * absent list and set blocks empty, absent single blocks null, nothing else. A missing key fails the whole message.
 */
export function conform(schema: Block, value: ObjectValue): ObjectValue {
  const out: { [name: string]: Value } = { ...conformAttributes(schema.attributes, value) };
  for (const [name, block] of Object.entries(schema.blocks)) {
    const inner = value[name];
    if (isUnknown(inner)) out[name] = inner;
    else if (block.nesting === "single") out[name] = isObject(inner) ? conform(block, inner) : null;
    else
      out[name] = isList(inner) ? inner.map((element) => (isObject(element) ? conform(block, element) : element)) : [];
  }
  return out;
}

const conformAttributes = (attributes: Attributes, value: ObjectValue): ObjectValue =>
  mapValues(attributes, ({ type }, name) => conformType(type, value[name]));

function conformType(type: Type | NestedType, value: Value | undefined): Value {
  if (value === undefined || value === null) return null;
  if (isUnknown(value) || typeof type === "string") return value;
  if (isNested(type)) {
    const one = (element: Value): Value => (isObject(element) ? conformAttributes(type.attributes, element) : element);
    if (isList(value)) return value.map(one);
    return type.nested === "map" && isObject(value) ? mapValues(value, one) : one(value);
  }
  if (type[0] === "object") {
    const members = type[1];
    return isObject(value) ? mapValues(members, (member, name) => conformType(member, value[name])) : value;
  }
  const element = type[1];
  if (isList(value)) return value.map((v) => conformType(element, v));
  return isObject(value) ? mapValues(value, (v) => conformType(element, v)) : value;
}
