// Asked for each of 10,000 partners at each change of a running gateway: plain loops.
const { keys, hasOwn } = Object;
const { isArray } = Array;

/** Whether two plain values (JSON) are equal; the order of keys does not matter, that of lists does. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (isArray(one)) {
    if (!isArray(other) || one.length !== other.length) return false;
    for (let index = 0; index < one.length; index++) if (!sameValue(one[index], other[index])) return false;
    return true;
  }
  if (isArray(other)) return false;
  const names = keys(one);
  if (names.length !== keys(other).length) return false;
  for (const name of names)
    if (
      !hasOwn(other, name) ||
      !sameValue((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name])
    )
      return false;
  return true;
}
