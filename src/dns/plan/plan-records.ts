import type { DnsRecord } from "../../definition/facts";
import { declaredSets, hostRecord } from "../diff/record-diff";
import { type Glue, survey } from "../survey";
import type { NameServer } from "../vantage";
import { changePlan, type PlanStep } from "./change-plan";
import { publishedIn, type UnknownSet } from "./published-set";

export interface PlanOptions {
  /** What is to be published. */
  readonly records: readonly DnsRecord[];
  /** The old gateway of a cut-over. */
  readonly legacyGateway?: string | undefined;
  /** Name servers to ask instead of those that the delegation leads to. */
  readonly nameServers?: readonly NameServer[];
  /** Where the walk begins. Default: the root's servers. */
  readonly roots?: readonly Glue[];
  /** Port of the name servers that the delegation leads to. Default 53. */
  readonly port?: number;
  readonly concurrency?: number;
  /** Seconds for the whole. Default 20. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** What `dns plan --json` prints. Fields are added within a schema version, never changed. */
export interface ChangePlan {
  readonly schema: "xmpp-edge/dns-plan/1";
  /** In order; empty where there is nothing to do. */
  readonly steps: readonly PlanStep[];
  /** Seconds from the first step until nobody remembers the old any more. */
  readonly duration: number;
  readonly notes: readonly string[];
  /** What could not be found out: nothing is planned for it. */
  readonly unknown: readonly UnknownSet[];
}

/**
 * The safe order and times of the change from what is published to what is declared, from the TTLs that the zones' own
 * servers give now. Asks no resolver, for it would remember an absence; changes nothing.
 */
export async function planRecords(options: PlanOptions): Promise<ChangePlan> {
  const { records, legacyGateway, timeout = 20, ...how } = options;
  const sets = declaredSets(records);
  const questions = sets.flatMap(({ owner, type }) => (type === "TXT" ? [] : [{ name: owner, type }]));
  const surveyed = await survey({ domains: [], questions, resolvers: [], timeout: timeout * 1000, ...how });
  const all = sets.map((set) => publishedIn(surveyed, set));
  const known = all.flatMap((set) => ("records" in set ? [set] : []));
  const { steps, notes } = changePlan({ declared: records.map(hostRecord), published: known, legacyGateway });
  const last = steps.at(-1);
  return {
    schema: "xmpp-edge/dns-plan/1",
    steps,
    duration: last === undefined ? 0 : last.at + last.wait,
    notes,
    unknown: all.flatMap((set) => ("records" in set ? [] : [set])),
  };
}
