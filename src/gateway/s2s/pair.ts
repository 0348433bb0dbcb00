/** A local and a remote domain that federate: the unit of policy, streams and queues. */
export interface Pair {
  readonly local: string;
  readonly remote: string;
}

// One stanza asks for the key of one and the same pair in many places: only the first of them joins and hashes it.
let latest: Pair = { local: "", remote: "" };
let latestKey = " ";

/** A key for maps; domains hold no spaces. */
export function pairKey(pair: Pair): string {
  if (pair !== latest) {
    latest = pair;
    latestKey = `${pair.local} ${pair.remote}`;
  }
  return latestKey;
}

/** The pair of a key. */
export function pairOfKey(key: string): Pair {
  const space = key.indexOf(" ");
  return { local: key.slice(0, space), remote: key.slice(space + 1) };
}
