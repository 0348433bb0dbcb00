import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** Direct TLS (XEP-0368): that what is published answers, and that what answers is found. */
export function directTlsFindings({ accessEdge, dns }: Definition): Finding[] {
  const { port, directTlsPort } = accessEdge;
  if (directTlsPort === undefined)
    return dns.directTls
      ? [
          {
            severity: "error",
            id: "direct-tls-port-missing",
            path: ["dns", "directTls"],
            value: true,
            rule: "the SRV records of direct TLS need a port that they name",
            remedy: "set accessEdge.directTlsPort, 5270 by custom, or leave dns.directTls out",
          },
        ]
      : [];
  const found: Finding[] = [];
  if (directTlsPort === port)
    found.push({
      severity: "error",
      id: "direct-tls-port-taken",
      path: ["accessEdge", "directTlsPort"],
      value: directTlsPort,
      rule: "one port cannot have both: TLS begins with the first byte, or STARTTLS is offered",
      remedy: "give direct TLS a port of its own, 5270 by custom",
    });
  if (!dns.directTls)
    found.push({
      severity: "info",
      id: "direct-tls-not-published",
      path: ["accessEdge", "directTlsPort"],
      value: directTlsPort,
      rule: "partners find direct TLS by SRV records, and none are published",
      remedy: "set dns.directTls once the port can be reached",
    });
  return found;
}
