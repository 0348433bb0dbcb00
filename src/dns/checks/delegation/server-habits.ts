import type { Said } from "../../survey";
import { wordOf } from "./server-word";
import type { ZoneFound } from "./zone-found";
import type { Heard, ServerView, ZoneView } from "./zone-view";

type Answered = Extract<Said, { status: "answered" }>;

/** A server in all zones that it is asked about: how it answers has nothing to do with what is in them. */
interface Server {
  readonly name: string;
  readonly zones: readonly ZoneView[];
  readonly answers: readonly Answered[];
  readonly overTcp: readonly Heard["said"][];
}

/** Milliseconds. */
const SLOW = 1000;
/** One answer as fast as this shows that the slow ones waited for something else than the server. */
const QUICK = 500;
/** Answers that a habit shows in. */
const SEVERAL = 3;
/** What we say that we take (RFC 6891 section 6.2.3). */
const PAYLOAD = 1232;

/** How servers answer: by which transports, with EDNS or without, how fast. */
export function* serverHabits(views: readonly ZoneView[]): Iterable<ZoneFound> {
  for (const server of serversOf(views))
    yield* [udpOnly, tcpOnly, edns, tooLong, slow].flatMap((check) => check(server));
}

function serversOf(views: readonly ZoneView[]): Server[] {
  const zones = new Map<string, { view: ZoneView; server: ServerView }[]>();
  for (const view of views)
    for (const server of view.servers) zones.set(server.name, [...(zones.get(server.name) ?? []), { view, server }]);
  return [...zones].map(([name, all]) => ({
    name,
    zones: all.map(({ view }) => view),
    answers: all.flatMap(({ view, server }) =>
      server.heard.flatMap((heard) =>
        heard.said.status === "answered" && wordOf(heard, view.zone.name).kind === "good" ? [heard.said] : [],
      ),
    ),
    overTcp: all.flatMap(({ server }) => server.overTcp.map(({ said }) => said)),
  }));
}

function about({ name, zones }: Server, id: string, found: string, expected: string, remedy: string): ZoneFound {
  const names = [...new Set(zones.flatMap((view) => view.names))];
  return { id, server: name, found, expected, remedy, view: { names }, about: zones.map(({ zone }) => zone.name) };
}

function udpOnly(server: Server): ZoneFound[] {
  const { answers, overTcp } = server;
  if (!answers.some(({ transport }) => transport === "udp")) return [];
  if ([...answers, ...overTcp].some((said) => said.status === "answered" && said.transport === "tcp")) return [];
  const refused = overTcp.flatMap((said) =>
    said.status === "failed" && (said.code === "timeout" || said.code === "unreachable") ? [said.reason] : [],
  );
  if (refused.length === 0) return [];
  const found = `it answers by UDP, and not by TCP: ${refused[0]}`;
  return [about(server, "ns-udp-only", found, "answers by both", `open TCP port 53 of ${server.name}`)];
}

function tcpOnly(server: Server): ZoneFound[] {
  const { answers } = server;
  const afterSilence = answers.filter(({ after }) => after === "silence" || after === "unreachable");
  if (afterSilence.length === 0 || !answers.every(({ transport }) => transport === "tcp")) return [];
  const found = "it answers by TCP, and not by UDP";
  return [about(server, "ns-tcp-only", found, "answers by both", `open UDP port 53 of ${server.name}`)];
}

/** Seen only where not one answer came to a question with EDNS, and more than one without: one may be a lost datagram. */
function edns(server: Server): ZoneFound[] {
  const byUdp = server.answers.filter(({ transport }) => transport === "udp");
  const bare = byUdp.filter((answer) => !answer.edns);
  if (bare.length < 2 || bare.length < byUdp.length) return [];
  const refused = bare.some(({ after }) => after === "edns-refused");
  const found = `questions with EDNS are ${refused ? "refused" : "left unanswered"}, the same without it are answered`;
  const remedy = `mend ${server.name}, or the firewall before it, to take EDNS or to pass over what it does not know`;
  return [about(server, "ns-edns", found, "an answer to questions with EDNS as well", remedy)];
}

/** A datagram longer than was asked for comes in fragments, which many paths drop (RFC 9715). */
function tooLong(server: Server): ZoneFound[] {
  const octets = Math.max(0, ...server.answers.map(({ transport, wire }) => (transport === "udp" ? wire.length : 0)));
  if (octets <= PAYLOAD) return [];
  const found = `it sends datagrams of ${octets} octets`;
  const remedy = `set the greatest UDP answer of ${server.name} to ${PAYLOAD} octets; what is longer then goes by TCP`;
  return [
    { ...about(server, "ns-truncation", found, `at most ${PAYLOAD}, as the question says`, remedy), verdict: "warn" },
  ];
}

function slow(server: Server): ZoneFound[] {
  const times = server.answers.map(({ roundTrip }) => roundTrip).sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? 0;
  if (times.length < SEVERAL || median <= SLOW || times[0]! < QUICK) return [];
  const found = `half of its answers take longer than ${(Math.floor(median / 100) / 10).toFixed(1)} s`;
  return [
    about(
      server,
      "ns-slow",
      found,
      "an answer in less than 1 s",
      `look at the load of ${server.name}, or the way to it`,
    ),
  ];
}
