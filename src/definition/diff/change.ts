/** One thing that another configuration does differently. */
export interface Change {
  /** `partner`, `domain`, `user`, `access`, `setting` and `edge`: the running gateway; the others: around it. */
  readonly part: "partner" | "domain" | "user" | "access" | "setting" | "edge" | "record" | "certificate" | "firewall";
  /** What it is about: a domain, an address, a record, the key of a setting. */
  readonly subject: string;
  readonly change: "added" | "removed" | "changed";
  /** `grants`: somebody may do more than before; `revokes`: less; `neutral`: neither. */
  readonly effect: "grants" | "revokes" | "neutral";
  /** The same in words; holds no certificate, pin or key, only hashes. */
  readonly text: string;
  /** A gateway that runs takes this up only when it is started again. */
  readonly restart?: true;
}

/** The entries of a list that another does not have. */
export function missingFrom<T>(other: readonly T[], list: readonly T[]): T[] {
  const there = new Set(other);
  return list.filter((entry) => !there.has(entry));
}

/** A few of many, in words. */
export function someOf(names: readonly string[], most = 5): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}
