import type { DnsRecord } from "../../definition/facts";
import { type HostRecord, recordLine, sameRecord } from "../host/dns-host";
import { oneLine } from "../report/one-line";
import { formatVantage } from "../vantage";
import type { PublishedSet, RecordSet } from "./published-records";

/** One zone file line of the comparison. */
export interface LineChange {
  /** `add`: declared, not published. `remove`: published, not declared. */
  readonly change: "add" | "remove" | "same";
  readonly line: string;
}

/** How what some servers publish differs from what is declared. */
export interface ServersDiff {
  /** All that answer so. */
  readonly servers: readonly string[];
  readonly owner: string;
  readonly type: HostRecord["type"];
  readonly changes: readonly LineChange[];
}

export interface RecordDiff {
  readonly differ: boolean;
  readonly sets: readonly ServersDiff[];
  /** What could not be found out. */
  readonly unknown: readonly (RecordSet & { readonly server: string; readonly reason: string })[];
}

/** The sets that a definition speaks of: both families of a host whose addresses it declares, for each may be too many. */
export function declaredSets(records: readonly DnsRecord[]): RecordSet[] {
  const sets = records.flatMap(({ owner, type }): RecordSet[] =>
    type === "A" || type === "AAAA"
      ? [
          { owner, type: "A" },
          { owner, type: "AAAA" },
        ]
      : [{ owner, type }],
  );
  return [...new Map(sets.map((set) => [`${set.owner} ${set.type}`, set])).values()];
}

/** A record of the facts as hosts keep it. */
export function hostRecord(record: DnsRecord): HostRecord {
  const { zone: _, reason: __, ...rest } = record;
  return rest;
}

/**
 * Compares set by set. A resolver's TTL runs down, so it is compared only where a name server gave it.
 * @param isExpected whether a record that nobody declared may stand there, such as a legacy gateway's
 */
export function recordDiff(
  declared: readonly DnsRecord[],
  published: readonly PublishedSet[],
  isExpected: (record: HostRecord) => boolean = () => false,
): RecordDiff {
  const wanted = declared.map(hostRecord);
  const groups = new Map<string, ServersDiff>();
  for (const set of published) {
    if (set.records === undefined || set.vantage === undefined) continue;
    const { owner, type } = set;
    const changes = changesOf(
      wanted.filter((record) => record.owner === owner && record.type === type),
      set,
      isExpected,
    );
    const key = JSON.stringify([owner, type, changes]);
    const servers = [...(groups.get(key)?.servers ?? []), formatVantage(set.vantage)];
    groups.set(key, { servers, owner, type, changes });
  }
  const sets = [...groups.values()];
  return {
    differ: sets.some(({ changes }) => changes.some(({ change }) => change !== "same")),
    sets,
    unknown: published.flatMap(({ owner, type, vantage, failure }) =>
      failure === undefined ? [] : [{ owner, type, server: vantage ? formatVantage(vantage) : "", reason: failure }],
    ),
  };
}

function changesOf(
  wanted: readonly HostRecord[],
  { owner, records = [], alias, vantage }: PublishedSet,
  isExpected: (record: HostRecord) => boolean,
): LineChange[] {
  const ttlCounts = vantage?.kind === "name-server";
  const same = (a: HostRecord, b: HostRecord) => sameRecord(a, b) && (!ttlCounts || a.ttl === b.ttl);
  const there = records.map((record) => ({ ...record, owner }));
  const line = (record: HostRecord) => oneLine(recordLine(record));
  return [
    ...(alias === undefined ? [] : [{ change: "remove" as const, line: oneLine(`${owner}. IN CNAME ${alias}.`) }]),
    ...there
      .filter((record) => !wanted.some((one) => same(one, record)))
      .map((record) => ({ change: isExpected(record) ? ("same" as const) : ("remove" as const), line: line(record) }))
      .sort((a, b) => (a.line < b.line ? -1 : 1)),
    ...wanted.map((record) => ({
      change: there.some((one) => same(record, one)) ? ("same" as const) : ("add" as const),
      line: line(record),
    })),
  ];
}

const MARKS = { add: "+", remove: "-", same: " " } as const;

/** The comparison as zone file lines: `-` is published and not declared, `+` declared and not published. */
export function recordDiffText({ sets, unknown }: RecordDiff): string {
  const blocks = sets
    .filter(({ changes }) => changes.length > 0)
    .map(
      ({ servers, changes }) =>
        `; at ${servers.join(", ")}\n${changes.map(({ change, line }) => `${MARKS[change]}${line}\n`).join("")}`,
    );
  const silent = unknown.map(({ owner, type, server, reason }) =>
    oneLine(`; not known: ${owner} ${type}${server === "" ? "" : ` at ${server}`}: ${reason}`),
  );
  return [...blocks, ...(silent.length > 0 ? [`${silent.join("\n")}\n`] : [])].join("\n");
}
