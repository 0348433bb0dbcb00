import { Certificate, CertificateError } from "../../certificate/certificate";
import type { Evidence } from "../evidence";
import { messageOf, type Observation } from "../survey";
import type { Measures } from "./report";

/** Upper bounds of the histogram, in seconds: from a server beside us to one that is given up. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** What a monitor draws curves of. */
export function measuresOf({ survey, trust, probes }: Pick<Evidence, "survey" | "trust" | "probes">): Measures {
  const observations = [survey.atNameServers, survey.overTcp, survey.atResolvers].flatMap((asked) =>
    [...asked.values()].flatMap((one) => one.observations),
  );
  return {
    queries: histogram(observations),
    signatures: signatures(survey, trust),
    certificates: certificates(probes),
  };
}

function histogram(observations: readonly Observation[]): Measures["queries"] {
  const seconds = observations.flatMap(({ said }) => (said.status === "answered" ? [said.roundTrip / 1000] : []));
  return {
    buckets: BUCKETS.map((le) => ({ le, count: seconds.filter((one) => one <= le).length })),
    count: seconds.length,
    sum: seconds.reduce((sum, one) => sum + one, 0),
    unanswered: observations.length - seconds.length,
  };
}

/** The first signature to end of each zone whose keys are trusted: when validators begin to refuse it. */
function signatures(survey: Evidence["survey"], { zones }: Evidence["trust"]): Measures["signatures"] {
  const ends = new Map<string, number>();
  for (const { zone, observations } of survey.atNameServers.values()) {
    if (zone === undefined || zones.get(zone)?.status !== "secure") continue;
    for (const { said } of observations) {
      if (said.status === "failed" || !said.authoritative) continue;
      for (const record of messageOf(said).answers)
        if (record.type === "RRSIG") ends.set(zone, Math.min(ends.get(zone) ?? Infinity, record.data.expiration));
    }
  }
  return [...ends].map(([zone, expires]) => ({ zone, expires })).sort((a, b) => (a.zone < b.zone ? -1 : 1));
}

function certificates(probes: Evidence["probes"]): Measures["certificates"] {
  return probes.flatMap(({ domain, address, port, tls }) => {
    const [leaf] = tls?.chain ?? [];
    if (leaf === undefined) return [];
    try {
      return [{ domain, address, port, expires: Math.floor(Certificate.read(leaf).notAfter.getTime() / 1000) }];
    } catch (error) {
      // What cannot be read has no end; a check says so.
      if (error instanceof CertificateError) return [];
      throw error;
    }
  });
}
