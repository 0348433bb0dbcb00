import type { ProbeProblem, ProbeResult } from "../../dns/probe";
import type { Verdict } from "../../dns/report/report";
import type { CertificateFinding } from "./finding";

/** What the other side is allowed to do without TLS. */
export interface ConnectionExpectation {
  /** It may federate in plain: no STARTTLS is no fault. */
  readonly plainAllowed: boolean;
}

const REMEDIES: Readonly<Record<ProbeProblem["code"], string>> = {
  "connect-failed": "look whether the server runs and its firewall lets this machine in",
  closed: "look into the server's log for why it closed the connection",
  timeout: "look whether something between here and the server drops packets, or raise --timeout",
  aborted: "run it again",
  "not-xmpp": "give the port that serves other XMPP servers, 5269 by custom",
  "stream-error": "look into the server's log; it may serve only those whom it lists, and not this domain",
  unexpected: "look what answers there: it is no XMPP server that keeps to RFC 6120",
  "no-version": "have the server brought up to RFC 6120; without a version it can do no TLS",
  "no-starttls": "turn TLS on at the server, or look whether somebody on the way takes the offer out",
  "starttls-refused": "look into the server's log for why it refuses STARTTLS",
  "starttls-injection": "find out who on the way writes into the connection",
  "tls-version": "let the server speak TLS 1.2 or 1.3",
  "tls-failed": "look into the server's log; TLS 1.2 or 1.3 is needed",
};

/** Who could not be asked has no fault for that. */
const UNKNOWN: ReadonlySet<ProbeProblem["code"]> = new Set(["connect-failed", "closed", "timeout", "aborted"]);
const WITHOUT_TLS: ReadonlySet<ProbeProblem["code"]> = new Set(["no-version", "no-starttls"]);

/** What a probe says besides the chain. */
export function connectionFindings(
  { problem, tls, domain, reached }: ProbeResult,
  { plainAllowed }: ConnectionExpectation,
): CertificateFinding[] {
  if (problem === undefined) return [];
  const inPlain = plainAllowed && WITHOUT_TLS.has(problem.code);
  return [
    {
      id: `connection-${problem.code}`,
      verdict: verdictOf(problem, tls !== undefined, inPlain),
      domains: [domain],
      found: `${problem.condition === undefined ? "" : `${problem.condition}: `}${problem.text} (came as far as: ${reached})`,
      expected: inPlain ? "STARTTLS, though the partner may do without" : "a stream inside TLS",
      remedy: REMEDIES[problem.code],
      source: "RFC 6120 sections 4 and 5",
    },
  ];
}

function verdictOf(problem: ProbeProblem, chainSeen: boolean, inPlain: boolean): Exclude<Verdict, "pass"> | "info" {
  if (inPlain || chainSeen) return "info"; // the certificate was seen, which is what was asked for
  return UNKNOWN.has(problem.code) || problem.code === "stream-error" ? "unknown" : "fail";
}
