import type { Evidence } from "../../evidence";
import { formatServerAddress } from "../../resolver";
import type { Observation } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";
import type { Compared } from ".";
import { answerOf } from "./word";

/** A resolver that gave no answer to a question that the name servers answer. */
interface Failure {
  readonly server: string;
  readonly domain: string;
  readonly subject: string;
  readonly silent: boolean;
  readonly reason: string;
}

const SILENCE = new Set(["timeout", "unreachable", "silent", "deadline", "aborted"]);

/**
 * Resolvers that give no answer. Where one of them does not and others do, that is told once of it, whatever was asked;
 * where nobody answers, what the public sees is not known.
 */
export function* silentResolvers(compared: readonly Compared[], { survey, trust }: Evidence): Iterable<Found> {
  const answering = new Set<string>();
  const lonely: Failure[] = [];
  const single = new Map<string, Failure[]>();
  for (const one of compared) {
    const asked = (survey.atResolvers.get(one.key)?.observations ?? []).filter(
      ({ said }) => said.status === "answered" || said.code !== "no-ipv6",
    );
    // A validator that refuses what does not validate here is right.
    if ((trust.answers.get(one.key) ?? []).some((judged) => judged.trust?.status === "bogus")) continue;
    const failures = asked.flatMap((observation) => failureOf(observation, one));
    const failed = new Set(failures.map(({ server }) => server));
    for (const { server } of asked) {
      const name = formatServerAddress(server);
      if (!failed.has(name)) answering.add(name);
    }
    if (asked.length > 0 && failures.length === asked.length) lonely.push(...failures);
    else for (const failure of failures) single.set(failure.server, [...(single.get(failure.server) ?? []), failure]);
  }
  if (answering.size === 0 && lonely.length > 0) {
    yield { ...together(lonely), verdict: "unknown" };
    return;
  }
  const domains = [...new Set(lonely.map(({ domain }) => domain))];
  for (const domain of domains)
    yield { ...together(lonely.filter((failure) => failure.domain === domain)), verdict: "unknown", domain };
  for (const failures of single.values()) yield together(failures);
}

function failureOf({ server, said }: Observation, { question, domain }: Compared): Failure[] {
  const about = { server: formatServerAddress(server), domain, subject: `${question.name} ${question.type}` };
  if (said.status === "failed") return [{ ...about, silent: SILENCE.has(said.code), reason: said.reason }];
  const answer = answerOf(said, question);
  if (answer.status !== "failed") return [];
  const errors = said.extendedErrors.map(
    ({ code, text }) => `extended error ${code}${text === "" ? "" : ` (${text})`}`,
  );
  return [{ ...about, silent: false, reason: [answer.reason, ...errors].join("; ") }];
}

function together(failures: readonly Failure[]): Found {
  const of = (part: (failure: Failure) => string) => [...new Set(failures.map(part))];
  const domains = of(({ domain }) => domain);
  const silent = failures.every((failure) => failure.silent);
  return {
    id: silent ? "resolver-unreachable" : "resolver-failure",
    domain: domains.length === 1 ? domains[0]! : null,
    subject: listed(of(({ subject }) => subject)),
    server: of(({ server }) => server).join(", "),
    found: listed(of(({ reason }) => reason)),
    expected: "an answer",
    remedy: silent
      ? "check the way to the resolver (UDP and TCP port 53), or name another with --resolver"
      : "ask who runs the resolver: the zone's own servers answer, and what they say is not at fault",
  };
}
