/** A name in the form names are compared in: lower case, no final dot; the root is `.`. */
export function comparable(name: string): string {
  const lower = name.toLowerCase();
  return lower.length > 1 && lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** Whether a name can stand in a question: printable ASCII labels of 1 to 63 octets, 253 in all (RFC 1035 2.3.4). */
export function isAskable(name: string): boolean {
  const bare = comparable(name);
  return bare.length <= 253 && /^[!-~]+$/.test(bare) && bare.split(".").every((label) => /^.{1,63}$/.test(label));
}
