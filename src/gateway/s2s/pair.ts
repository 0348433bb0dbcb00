/** A local and a remote domain that federate: the unit of policy, streams and queues. */
export interface Pair {
  readonly local: string;
  readonly remote: string;
}

/** A key for maps; domains hold no spaces. */
export const pairKey = ({ local, remote }: Pair): string => `${local} ${remote}`;
