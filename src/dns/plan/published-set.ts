import type { RecordSet } from "../diff/published-records";
import { type HostRecord, sameRecord } from "../host/dns-host";
import { fromAnswer } from "../host/update-message";
import { comparable, formatServerAddress } from "../resolver";
import { messageOf, questionKey, type Survey } from "../survey";

/** What the name servers have at an owner, of a type, now. */
export interface PublishedSet extends RecordSet {
  /** Of all servers together; empty where they deny it. */
  readonly records: readonly HostRecord[];
  /** Seconds that resolvers remember it, or its absence: the longest that a server says. */
  readonly remembered: number;
}

/** What could not be found out of a set. */
export interface UnknownSet extends RecordSet {
  readonly reason: string;
}

/** What a survey heard about a set from those who speak for it. */
export function publishedIn(survey: Survey, { owner, type }: RecordSet): PublishedSet | UnknownSet {
  const asked = survey.atNameServers.get(questionKey({ name: owner, type }))?.observations ?? [];
  const records: HostRecord[] = [];
  let remembered: number | undefined;
  let reason = "no name server could be asked";
  for (const { server, said } of asked) {
    const who = formatServerAddress(server);
    if (said.status === "failed") reason = `${who}: ${said.reason}`;
    else if ((said.code !== "NOERROR" && said.code !== "NXDOMAIN") || !said.authoritative)
      reason = `${who} does not speak for it (${said.code})`;
    else {
      const { answers, authorities } = messageOf(said);
      const here = answers.filter(({ name }) => comparable(name) === comparable(owner));
      const alias = here.find((record) => record.type === "CNAME");
      if (alias?.type === "CNAME")
        return {
          owner,
          type,
          reason: `it is an alias of ${comparable(alias.data)}: change that name, or remove the alias`,
        };
      const found = here.flatMap((record) => (record.type === type ? (fromAnswer(record) ?? []) : []));
      const soa = authorities.find((record) => record.type === "SOA");
      const absence = soa?.type === "SOA" ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : 0;
      remembered = Math.max(remembered ?? 0, ...(found.length > 0 ? found.map(({ ttl }) => ttl) : [absence]));
      for (const record of found)
        if (!records.some((known) => sameRecord(known, record))) records.push(placed(record, owner));
    }
  }
  return remembered === undefined ? { owner, type, reason } : { owner, type, records, remembered };
}

/** At the owner as it was asked for; a host's target has no final dot, and so the root's is empty. */
const placed = (record: HostRecord, owner: string): HostRecord =>
  record.type === "SRV" && record.target === "." ? { ...record, owner, target: "" } : { ...record, owner };
