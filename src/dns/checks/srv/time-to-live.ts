import { zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import type { Found } from "../family";
import { atItsEnd, type SaidThere, saidThere } from "./said-there";

/** Seconds; what partners remember for longer outlives a switch back. */
const LONGEST_IN_CUT_OVER = 3600;

/** How long partners remember the service: as name servers say it, for a resolver counts down. */
export function* timeToLive({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const said = saidThere(survey, record.owner)
    .map((one) => atItsEnd(survey, one))
    .filter(({ ttls }) => ttls.length > 0);
  const { cutOver = false } = expected.facts.dns;
  const longest = cutOver ? Math.min(record.ttl, LONGEST_IN_CUT_OVER) : record.ttl;
  const remedy = zoneLine({ ...record, ttl: longest });
  const about = { domain, subject: `${record.owner} SRV` };
  const mixed = said.filter(({ ttls }) => new Set(ttls).size > 1);
  if (mixed.length > 0)
    yield {
      id: "srv-ttl-mixed",
      ...about,
      server: serversOf(mixed),
      found: `${inWords(mixed)} s in one set`,
      expected: "one time to live for all records of the set",
      remedy: `give each record of the set the time to live ${longest}, as in ${remedy}`,
    };
  const long = said.filter(({ ttls }) => ttls.some((ttl) => ttl > longest));
  if (long.length > 0)
    yield {
      id: "srv-ttl",
      ...about,
      server: serversOf(long),
      found: `${inWords(long)} s`,
      expected:
        longest === record.ttl
          ? `at most ${longest} s`
          : `at most ${longest} s while dns.cutOver says that one is open`,
      remedy,
    };
  const none = said.filter(({ ttls }) => ttls.includes(0));
  if (none.length > 0)
    yield {
      id: "srv-ttl",
      ...about,
      server: serversOf(none),
      found: "0 s",
      expected: "more than 0 s: nobody may remember the record, and each message to come asks for it anew",
      remedy,
    };
}

const serversOf = (said: readonly SaidThere[]) => [...new Set(said.map(({ server }) => server))].join(", ");
const inWords = (said: readonly SaidThere[]) =>
  [...new Set(said.flatMap(({ ttls }) => ttls))]
    .sort((one, other) => one - other)
    .slice(0, 8)
    .join(", ");
