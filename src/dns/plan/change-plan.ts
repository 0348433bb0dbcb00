import { canonicalAddress } from "../canonical-address";
import { type HostRecord, recordLine, sameRecord } from "../host/dns-host";
import { comparable } from "../resolver/names";
import type { PublishedSet } from "./published-set";

/** One thing to do at the zone, and how long to wait before the next. */
export interface PlanStep {
  readonly id: "lower-ttl" | "addresses" | "services" | "remove-legacy" | "set-ttl";
  readonly what: string;
  /** Earliest, in seconds after the first. */
  readonly at: number;
  /** Zone file lines. */
  readonly remove: readonly string[];
  readonly publish: readonly string[];
  /** Seconds until no resolver remembers what was before. */
  readonly wait: number;
  readonly why: string;
}

export interface PlannedChange {
  readonly declared: readonly HostRecord[];
  /** What is there of each declared set. */
  readonly published: readonly PublishedSet[];
  /** The old gateway of a cut-over, whose SRV records stay until the end. */
  readonly legacyGateway?: string | undefined;
}

/** Seconds that what is about to change may be remembered. */
const LOW = 300;
/** How far behind the Access Edge the old gateway is put while both are there: the larger number is tried last. */
const BEHIND = 10;
const LARGEST_PRIORITY = 65_535;

/**
 * The order in which a change does no harm: what is remembered of the old has to be short before it changes, addresses
 * stand before a service leads to them, the old gateway goes last, and only then is anything remembered for long
 * again. A pure function of what is declared and what is published.
 */
export function changePlan(change: PlannedChange): { readonly steps: PlanStep[]; readonly notes: string[] } {
  const all = change.published.map((set) => changeOf(set, change));
  const closed = all.filter(({ set, missing }) => set.type === "CAA" && set.records.length > 0 && missing.length > 0);
  const sets = all.filter((one) => !closed.includes(one));
  const [services, others] = [sets.filter(isService), sets.filter((one) => !isService(one))];
  const steps: PlanStep[] = [];
  const add = (step: Omit<PlanStep, "at">) => {
    if (step.remove.length + step.publish.length === 0) return;
    const last = steps.at(-1);
    steps.push({ ...step, at: last === undefined ? 0 : last.at + last.wait });
  };
  const lowered = sets.filter(({ low }) => low);
  add({
    id: "lower-ttl",
    what: "shorten how long what will change is remembered",
    remove: lowered.flatMap(({ set }) => lines(set.records)),
    publish: lowered.flatMap(({ set }) => lines(set.records, LOW)),
    wait: longest(lowered.map(({ set }) => set.remembered)),
    why: "resolvers keep what they have for its old TTL",
  });
  for (const [id, part, what] of [
    ["addresses", others, "publish the addresses of the Access Edge, and who may issue its certificate"],
    ["services", services, "lead partners to the Access Edge"],
  ] as const) {
    const changing = part.filter(isChanging);
    add({
      id,
      what,
      remove: changing.flatMap(({ extra, ahead, now }) => lines([...extra, ...ahead], now)),
      publish: changing.flatMap(({ missing, behind, now, ttl }) => lines([...missing, ...behind], now ?? ttl)),
      wait: longest(changing.map(({ set, now }) => now ?? set.remembered)),
      why: "some resolvers still remember what was there before, or that nothing was",
    });
  }
  const legacy = services.filter((one) => one.legacy.length > 0);
  add({
    id: "remove-legacy",
    what: "remove the old gateway, once no partner has a stream to it",
    remove: legacy.flatMap(({ legacy, ahead, behind, now }) =>
      lines([...legacy.filter((record) => !ahead.includes(record)), ...behind], now),
    ),
    publish: [],
    wait: longest(legacy.map(({ set, now }) => now ?? set.remembered)),
    why: "partners that remember it still go there",
  });
  const settled = sets.filter(({ now, ttl }) => now !== undefined && now !== ttl);
  add({
    id: "set-ttl",
    what: "have it remembered for as long as declared",
    remove: settled.flatMap(({ wanted, now }) => lines(wanted, now)),
    publish: settled.flatMap(({ wanted }) => lines(wanted)),
    wait: 0,
    why: "",
  });
  return {
    steps,
    notes: [
      ...closed.map(
        ({ set }) => `${set.owner} has CAA records already: add to them by hand, others may issue for it as well`,
      ),
      ...(legacy.length > 0
        ? ["dns.cutOver lets the old gateway stand behind the Access Edge: true until it is removed, false after"]
        : []),
    ],
  };
}

interface SetChange {
  readonly set: PublishedSet;
  readonly wanted: readonly HostRecord[];
  readonly missing: readonly HostRecord[];
  readonly extra: readonly HostRecord[];
  readonly legacy: readonly HostRecord[];
  /** Those of the old gateway that partners would not try after the Access Edge. */
  readonly ahead: readonly HostRecord[];
  /** What takes their place while both are there. */
  readonly behind: readonly HostRecord[];
  /** The declared TTL. */
  readonly ttl: number;
  /** Whether its TTL is shortened first. */
  readonly low: boolean;
  /** The TTL that the set has while it changes; undefined where nothing is there yet. */
  readonly now: number | undefined;
}

function changeOf(set: PublishedSet, { declared, legacyGateway }: PlannedChange): SetChange {
  const wanted = declared.filter(({ owner, type }) => comparable(owner) === comparable(set.owner) && type === set.type);
  const isLegacy = (record: HostRecord) =>
    legacyGateway !== undefined && record.type === "SRV" && comparable(record.target) === comparable(legacyGateway);
  const foreign = set.records.filter((record) => !wanted.some((one) => isSame(one, record)));
  const legacy = foreign.filter(isLegacy);
  const extra = foreign.filter((record) => !isLegacy(record));
  const missing = wanted.filter((one) => !set.records.some((record) => isSame(one, record)));
  const there = set.records[0]?.ttl;
  // Where only more is added, what is remembered of the old is not wrong; the old gateway's record goes in the end.
  const low = there !== undefined && there > LOW && (extra.length > 0 || legacy.length > 0);
  const [ahead, behind] = putBehind(wanted, legacy);
  const ttl = wanted[0]?.ttl ?? there ?? 0;
  return { set, wanted, missing, extra, legacy, ahead, behind, ttl, low, now: low ? LOW : there };
}

/** Which records of the old gateway have to give way, and what they become. */
function putBehind(wanted: readonly HostRecord[], legacy: readonly HostRecord[]): [HostRecord[], HostRecord[]] {
  const last = Math.max(...wanted.map((record) => (record.type === "SRV" ? record.priority : 0)));
  if (wanted.length === 0 || last === LARGEST_PRIORITY) return [[], []];
  const ahead = legacy.filter((record) => record.type === "SRV" && record.priority <= last);
  const others = new Set(lines(legacy.filter((record) => !ahead.includes(record))));
  const behind = ahead.map((record) => ({ ...record, priority: Math.min(last + BEHIND, LARGEST_PRIORITY) }));
  const each = new Map(behind.map((record) => [recordLine(record), record]));
  return [ahead, [...each].flatMap(([line, record]) => (others.has(line) ? [] : [record]))];
}

const isService = ({ set }: SetChange) => set.type === "SRV";
const isChanging = ({ missing, extra, ahead }: SetChange) => missing.length + extra.length + ahead.length > 0;
const longest = (seconds: readonly number[]) => Math.max(0, ...seconds);

const lines = (records: readonly HostRecord[], ttl?: number): string[] =>
  records.map((record) => recordLine(ttl === undefined ? record : { ...record, ttl })).sort();

/** Addresses have several spellings. */
function isSame(a: HostRecord, b: HostRecord): boolean {
  const canonical = (record: HostRecord): HostRecord =>
    record.type === "A" || record.type === "AAAA" ? { ...record, address: canonicalAddress(record.address) } : record;
  return sameRecord(canonical(a), canonical(b));
}
