/** An address that a partner's DNS names and that is never dialled. */
export interface ForbiddenTarget {
  readonly address: string;
  readonly port: number;
  /** `own`: it is ours, which nothing allows; `not-global`: allowed where a range is named for it. */
  readonly because: "own" | "not-global";
}

/** A hostile zone may list hundreds; an operator needs to see what they are like. */
const NAMED = 4;

/** The first few, and how many more. */
export function forbiddenInWords(targets: readonly ForbiddenTarget[]): string {
  const named = targets.slice(0, NAMED).map(({ address, port, because }) => {
    const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    return because === "own" ? `${place} (our own)` : place;
  });
  const more = targets.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * What mends it: a range for those that are private on purpose; never one for our own.
 * @param domain the partner's row
 */
export function forbiddenRemedy(targets: readonly ForbiddenTarget[], domain: string): string {
  const remedies: string[] = [];
  if (targets.some(({ because }) => because === "own"))
    remedies.push(
      `ask ${domain} to take our own address out of its SRV target's records: the edge never connects to itself`,
    );
  if (targets.some(({ because }) => because === "not-global"))
    remedies.push(`allow the range by allowedTargets in the row of ${domain} if it is meant`);
  return remedies.join("; ");
}
