import { type Attribute, type Block, isNested, type NestedType, type Type } from "./schema";
import { isList, isObject, isUnknown, mapValues, type ObjectValue, sameValue, UNKNOWN, type Value } from "./value";

/**
 * What Terraform demands of a plan: a configured value stays as it is; a computed one that the configuration left out
 * is unknown when the object is new and keeps its prior value otherwise.
 */
export function planned(
  schema: Block,
  proposed: ObjectValue,
  config: ObjectValue | null,
  prior: ObjectValue | null,
): ObjectValue {
  const out: { [name: string]: Value } = { ...proposed };
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    out[name] = plannedAttribute(
      attribute,
      proposed[name] ?? null,
      config?.[name] ?? null,
      prior?.[name] ?? null,
      prior === null,
    );
  }
  for (const [name, block] of Object.entries(schema.blocks)) {
    out[name] = eachElement(
      proposed[name] ?? null,
      config?.[name] ?? null,
      prior?.[name] ?? null,
      block.nesting === "set",
      (p, c, b) => planned(block, p, c, b),
    );
  }
  return out;
}

function plannedAttribute(
  { type, computed }: Attribute,
  proposed: Value,
  config: Value,
  prior: Value,
  isNew: boolean,
): Value {
  if (config === null) return computed && isNew ? UNKNOWN : proposed;
  if (!isNested(type) || type.nested === "map") return proposed;
  const inner: Block = { attributes: type.attributes, blocks: {} };
  return eachElement(proposed, config, prior, type.nested === "set", (p, c, b) => planned(inner, p, c, b));
}

type PlanElement = (proposed: ObjectValue, config: ObjectValue, prior: ObjectValue | null) => ObjectValue;

/** Elements have no identity in the protocol: those of a list match by place, those of a set by equality. */
function eachElement(proposed: Value, config: Value, prior: Value, isSet: boolean, plan: PlanElement): Value {
  const of = (list: Value, at: number): Value | undefined => (isList(list) ? list[at] : list);
  const one = (element: Value, at: number): Value => {
    if (!isObject(element)) return element;
    const given = of(config, at);
    const same = isSet && isList(prior) ? prior.find((before) => sameValue(before, element)) : of(prior, at);
    return plan(element, isObject(given) ? given : element, isObject(same) ? same : null);
  };
  return isList(proposed) ? proposed.map(one) : one(proposed, 0);
}

/** Makes the value of one attribute that was unknown when planned; `path` holds names and places of elements. */
export type Make = (name: string, type: Type | NestedType, path: readonly (string | number)[]) => Value;

/** What apply must answer: the planned object with every unknown in it made. */
export function filled(
  schema: Block,
  value: ObjectValue,
  make: Make,
  path: readonly (string | number)[] = [],
): ObjectValue {
  const out: { [name: string]: Value } = { ...value };
  for (const [name, { type }] of Object.entries(schema.attributes)) {
    out[name] = filledAttribute(name, type, value[name] ?? null, make, [...path, name]);
  }
  for (const [name, block] of Object.entries(schema.blocks)) {
    const inner = value[name] ?? null;
    const one = (element: Value, at: readonly (string | number)[]): Value =>
      isObject(element) ? filled(block, element, make, at) : element;
    if (isUnknown(inner)) out[name] = block.nesting === "single" ? null : [];
    else
      out[name] = isList(inner)
        ? inner.map((element, at) => one(element, [...path, name, at]))
        : one(inner, [...path, name]);
  }
  return out;
}

function filledAttribute(
  name: string,
  type: Type | NestedType,
  value: Value,
  make: Make,
  path: readonly (string | number)[],
): Value {
  if (isUnknown(value)) return make(name, type, path);
  if (!isNested(type)) return filledInside(name, value, make, path);
  const inner: Block = { attributes: type.attributes, blocks: {} };
  const one = (element: Value, at: string | number): Value =>
    isObject(element) ? filled(inner, element, make, [...path, at]) : element;
  if (isList(value)) return value.map(one);
  return type.nested === "map" && isObject(value) ? mapValues(value, one) : one(value, 0);
}

function filledInside(name: string, value: Value, make: Make, path: readonly (string | number)[]): Value {
  if (isUnknown(value)) return make(name, "string", path);
  if (isList(value)) return value.map((element, at) => filledInside(name, element, make, [...path, at]));
  return isObject(value) ? mapValues(value, (member, key) => filledInside(key, member, make, [...path, key])) : value;
}
