import type { Evidence } from "../../evidence";
import { formatServerAddress, type ServerAddress } from "../../resolver";
import type { ParentWord, Survey } from "../../survey";
import { formatVantage } from "../../vantage";
import { listed } from "../check";
import type { ZoneFound } from "./zone-found";
import { isOurs, namesOf } from "./zone-view";

/** Names that the delegation does not lead to: because a zone above denies them, or because nobody above says. */
export function* places(evidence: Evidence): Iterable<ZoneFound> {
  const { survey } = evidence;
  const all = namesOf(evidence);
  if (survey.reach === "resolvers-only") {
    if (survey.silentRoots.length > 0) yield noRoot(survey, all);
    return;
  }
  for (const name of all) {
    const place = survey.places.get(name);
    const view = { names: [name] };
    if (place?.status === "unknown") yield { ...unknown(place, survey), view, about: [place.at] };
    if (place?.status !== "denied" || isOurs(place.zone, name, evidence)) continue;
    const deniers = place.parentSays.filter(({ cut }) => cut.kind === "none").map(({ server }) => server);
    yield {
      id: "zone-not-delegated",
      server: names(deniers, place.zone, survey),
      found: `the servers of ${zoneText(place.zone)} say that ${place.at} does not exist`,
      expected: "a delegation",
      remedy: `register ${place.at}, or delegate it in ${zoneText(place.zone)} to its name servers, by NS records`,
      view,
      about: [place.at],
    };
  }
}

const zoneText = (zone: string) => (zone === "." ? "the root" : zone);

function names(servers: readonly ServerAddress[], zone: string, survey: Survey): string {
  const known = new Map((survey.zones.get(zone)?.servers ?? []).map((one) => [formatServerAddress(one), one.host]));
  return servers
    .map((server) => {
      const host = known.get(formatServerAddress(server));
      return formatVantage({ kind: "name-server", server, ...(host !== undefined && { host }) });
    })
    .join(", ");
}

function unknown(
  place: Extract<NonNullable<ReturnType<Survey["places"]["get"]>>, { status: "unknown" }>,
  survey: Survey,
): Omit<ZoneFound, "view" | "about"> {
  const { parentSays, reason, at } = place;
  const above = at.includes(".") ? at.slice(at.indexOf(".") + 1) : ".";
  const lame = parentSays.length > 0 && parentSays.every((word) => !isSilence(word));
  const said = parentSays.map((word) => `${formatServerAddress(word.server)}: ${wordText(word)}`);
  return {
    id: lame ? "ns-lame" : "ns-unreachable",
    verdict: "unknown",
    server: names(
      parentSays.map(({ server }) => server),
      above,
      survey,
    ),
    found: said.length === 0 ? reason : `${reason}: ${listed(said)}`,
    expected: "an answer",
    remedy:
      survey.reach === "given"
        ? "name a server for it: --name-server ZONE=ADDRESS[:PORT], or --resolver ADDRESS[:PORT]"
        : "try again; if it stays, ask who runs these servers, or name the zone's own with --name-server",
  };
}

const isSilence = ({ cut }: ParentWord) => cut.kind === "failed" && cut.code !== "servfail" && cut.code !== "refused";

const wordText = ({ cut }: ParentWord) =>
  cut.kind === "failed" ? cut.reason : "it neither speaks for the zone nor says where it is";

/** Nothing can be said of name servers: not asking them was not what was wished for. */
function noRoot({ silentRoots }: Survey, all: readonly string[]): ZoneFound {
  const said = silentRoots.flatMap(({ said: word }) => (word.status === "failed" ? [word.reason] : []));
  return {
    id: "ns-unreachable",
    verdict: "unknown",
    server: silentRoots.map(({ server }) => formatServerAddress(server)).join(", "),
    found: `no root server answers: ${listed(said)}`,
    expected: "an answer",
    remedy:
      "let questions to UDP and TCP port 53 out from here, or leave out what only name servers can say: --via-resolvers-only",
    view: { names: all },
    about: ["the delegation from the root"],
  };
}
