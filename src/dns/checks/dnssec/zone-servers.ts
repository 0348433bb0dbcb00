import type { ServerAddress } from "../../resolver";
import { formatServerAddress } from "../../resolver";
import type { Observation, Survey } from "../../survey";
import { formatVantage } from "../../vantage";

/** Names servers of the zone as reports do: by the host, where the delegation names it. */
export function serverNames(survey: Survey, zone: string | undefined): (server: ServerAddress) => string {
  const servers = survey.reach === "delegation" && zone !== undefined ? (survey.zones.get(zone)?.servers ?? []) : [];
  const hosts = new Map(servers.map((one) => [formatServerAddress(one), one.host]));
  return (server) => {
    const host = hosts.get(formatServerAddress(server));
    return formatVantage({ kind: "name-server", server, ...(host !== undefined && { host }) });
  };
}

/** Those that answered and speak for the zone, each once. */
export function answering(survey: Survey, zone: string | undefined, observations: readonly Observation[]): string[] {
  const name = serverNames(survey, zone);
  const names = observations.flatMap(({ server, said }) =>
    said.status === "answered" && said.authoritative ? [name(server)] : [],
  );
  return [...new Set(names)];
}
