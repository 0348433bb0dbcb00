import { isIP } from "node:net";
import type { EdgeProbe, ProbeProblem } from "../../probe";
import type { Sighting } from "./sighting";

/** No way from here: that says nothing of the server. */
const NO_ROUTE = new Set(["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETDOWN"]);

/** On the connection itself. @param ipv6 whether this machine has any way by IPv6 */
export function reach(probes: readonly EdgeProbe[], ipv6: boolean): Sighting[] {
  const answering = probes.filter(({ reached }) => reached !== "none");
  return probes.flatMap((probe) => {
    const { problem } = probe;
    if (probe.reached !== "none" || problem === undefined) return [];
    const sighting = unreached(probe, problem);
    const living = answering.some(({ host, address }) => host === probe.host && isIP(address) === 4);
    if (isIP(probe.address) !== 6 || !living || problem.code === "aborted") return [sighting];
    // Without IPv6 of its own this machine cannot tell what partners meet who have it.
    return !ipv6 || NO_ROUTE.has(problem.errno ?? "") ? [] : [deadIpv6(sighting)];
  });
}

/** Partners try IPv6 first (RFC 8305), and some nothing else after it. */
const deadIpv6 = (sighting: Sighting): Sighting => ({
  ...sighting,
  id: "address-ipv6-dead",
  found: `${sighting.found}, while IPv4 answers`,
  remedy: (about) => `${sighting.remedy(about)}; or take the AAAA record and the declared address away`,
});

function unreached(probe: EdgeProbe, problem: ProbeProblem): Sighting {
  const { port } = probe;
  const about = { probe, expected: () => `a connection to port ${port}` };
  const { errno = "" } = problem;
  if (problem.code === "aborted")
    return {
      ...about,
      id: "tcp-timeout",
      verdict: "unknown",
      found: "the run was over before it answered",
      remedy: () => "give the run more time: --timeout SECONDS",
    };
  if (errno === "ECONNREFUSED" || errno === "ECONNRESET")
    return {
      ...about,
      id: "tcp-refused",
      found: "the connection is refused",
      remedy: () =>
        `start the gateway there, let it listen at port ${port}, and let the firewall pass TCP ${port} instead of refusing it`,
    };
  if (problem.code === "timeout" || errno === "ETIMEDOUT")
    return {
      ...about,
      id: "tcp-timeout",
      found: "nothing answers: a packet filter on the way, or no host at the address",
      remedy: () =>
        `open TCP ${port} to the address in every firewall on the way, this network's for outgoing traffic included, and start the host`,
    };
  if (NO_ROUTE.has(errno))
    return {
      ...about,
      id: "tcp-unreachable",
      verdict: "unknown",
      found: `this machine has no way to the address (${errno})`,
      remedy: () => "look from a machine that has one",
    };
  return {
    ...about,
    id: "tcp-unreachable",
    found: `the network says that the address cannot be reached${errno === "" ? "" : ` (${errno})`}`,
    remedy: () => "see that the address is routed to the edge's host, and that the host is up",
  };
}
