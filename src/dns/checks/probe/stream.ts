import { prepareDomain } from "../../../definition/names/domain";
import type { EdgeProbe, ProbeProblem } from "../../probe";
import { isRefusalOfStrangers, type RowOf } from "./asked-as";
import type { Sighting } from "./sighting";

type Told = Omit<Sighting, "probe">;

const LOG = "look into the gateway's log for the reason";
const IN_TIME = "header and features within the time for one connection";

/** On what is said before TLS, and on TLS itself. */
export function stream(probes: readonly EdgeProbe[], rowOf: RowOf): Sighting[] {
  return probes.flatMap((probe) => {
    const { problem } = probe;
    const told = problem === undefined || probe.reached === "none" ? undefined : toldOf(probe, problem, rowOf);
    return [...(told === undefined ? [] : [{ ...told, probe }]), ...otherFrom(probe)];
  });
}

function toldOf(probe: EdgeProbe, problem: ProbeProblem, rowOf: RowOf): Told | undefined {
  const inside = probe.tls === undefined ? "" : ", inside TLS";
  switch (problem.code) {
    case "timeout":
    case "aborted":
      return late(problem, inside);
    case "closed":
      if (isRefusalOfStrangers(probe, rowOf)) return undefined;
      return {
        id: "stream-closed",
        found: `the server closes where its ${WORDS[problem.awaited]} was due${inside}`,
        expected: (about) => `a stream for ${about}`,
        remedy: () => LOG,
      };
    case "stream-error":
      return isRefusalOfStrangers(probe, rowOf) ? undefined : refused(problem, inside);
    case "not-xmpp":
    case "unexpected":
      return {
        id: "stream-not-xmpp",
        found: `what answers is no XMPP server for servers: ${problem.text}`,
        expected: () => "a stream in the namespace jabber:server",
        remedy: () => "let the port for other servers (not that for clients, nor direct TLS) be the gateway's",
      };
    case "no-version":
      return {
        id: "stream-version",
        found: "the stream's header has no version 1.0",
        expected: () => "version='1.0': without it there are no features, and no STARTTLS",
        remedy: () =>
          "let the gateway of this definition answer at the address; what answers there is from before RFC 3920",
      };
    case "starttls-refused":
    case "starttls-injection":
    case "tls-failed":
      return {
        id: "starttls-failed",
        found: problem.text,
        expected: () => "<proceed/> and a TLS handshake",
        remedy: () => `${LOG}; a certificate without its key, and devices on the way that open TLS, do this`,
      };
    case "tls-version":
      return {
        id: "tls-version",
        found: "the server speaks neither TLS 1.2 nor TLS 1.3",
        expected: () => "TLS 1.2 or 1.3",
        remedy: () => "turn TLS 1.2 and 1.3 on where TLS ends",
      };
    case "no-starttls":
    case "connect-failed":
      return undefined;
  }
}

const WORDS = {
  connection: "connection",
  header: "header",
  features: "features",
  proceed: "answer to STARTTLS",
  tls: "TLS handshake",
};

function late({ code, awaited }: ProbeProblem, inside: string): Told {
  const inTls = awaited === "tls";
  const over = code === "aborted";
  return {
    id: inTls ? "tls-timeout" : "stream-timeout",
    ...(over && { verdict: "unknown" as const }),
    found: over
      ? `the run was over, and the server's ${WORDS[awaited]} was due${inside}`
      : `the connection stands, and no ${WORDS[awaited]} comes${inside}`,
    expected: () => (inTls ? "a TLS handshake within the time for one connection" : IN_TIME),
    remedy: () =>
      over
        ? "give the run more time: --timeout SECONDS"
        : `${LOG}; a proxy or balancer in front of it may hold the connection`,
  };
}

function refused({ condition = "undefined-condition", text }: ProbeProblem, inside: string): Told {
  const unknown = condition === "host-unknown" || condition === "host-gone";
  const words = text === condition ? "" : `: ${text}`;
  return {
    id: "stream-error",
    found: `the server ends the stream with ${condition}${words}${inside}`,
    expected: (about) => `a stream for ${about}`,
    remedy: () =>
      unknown
        ? "let the gateway run with this definition: the one that answers does not serve the domain"
        : `${LOG}; it may run with another definition than this`,
    ofDomain: unknown,
  };
}

/** RFC 6120 section 4.7.1: the answering server says who it is. */
function otherFrom(probe: EdgeProbe): Sighting[] {
  const answers = [
    ...(probe.features === undefined ? [] : [probe.header]),
    ...(probe.secureFeatures === undefined ? [] : [probe.secureHeader]),
  ];
  const wrong = answers.find((header) => header !== undefined && !isDomain(header.from, probe.domain));
  if (wrong === undefined) return [];
  return [
    {
      probe,
      id: "stream-from",
      found:
        wrong.from === undefined
          ? "the server's header has no from"
          : `the server says that it is ${wrong.from.slice(0, 80)}`,
      expected: (about) => `from='${about}'`,
      remedy: () => "let the gateway of this definition answer at the address",
      ofDomain: true,
    },
  ];
}

function isDomain(text: string | undefined, domain: string): boolean {
  if (text === undefined) return false;
  const prepared = prepareDomain(text);
  return prepared.ok && prepared.domain === domain;
}
