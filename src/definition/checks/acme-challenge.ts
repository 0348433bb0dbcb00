import { challengePort } from "../facts/firewall";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

type Challenge = "dns-01" | "http-01" | "tls-alpn-01";
interface Place {
  readonly name: string;
  readonly path: Finding["path"];
}

/** Whether the chosen challenge of ACME can prove the certificate's names. */
export function acmeChallengeFindings(definition: Definition): Finding[] {
  const { source } = definition.certificate;
  if (source.kind !== "acme") return [];
  const { challenge, issuer } = source;
  const port = challengePort(source);
  return [
    ...permittedFindings(challenge, issuer),
    ...(port === undefined || challenge === "dns-01"
      ? []
      : [...portFindings(definition, challenge, port), ...nameFindings(definition, challenge, port)]),
  ];
}

/** The CAA record that is published for the issuer would keep it from validating so. */
function permittedFindings(challenge: Challenge, issuer: string | undefined): Finding[] {
  const [, methods] = /; *validationmethods *= *([^ ;]*)/i.exec(issuer ?? "") ?? [];
  if (methods === undefined || methods.toLowerCase().split(",").includes(challenge)) return [];
  return [
    {
      severity: "error",
      id: "acme-challenge-not-permitted",
      path: ["certificate", "source", "issuer"],
      value: issuer,
      rule: `lets the CA validate by ${methods} only, and the names are proved by ${challenge}`,
      remedy: `add ${challenge} to validationmethods, or change challenge`,
      source: "RFC 8657 section 4",
    },
  ];
}

function portFindings({ accessEdge }: Definition, challenge: Challenge, port: number): Finding[] {
  return (["port", "directTlsPort"] as const).flatMap((key): Finding[] =>
    accessEdge[key] !== port
      ? []
      : [
          {
            severity: "error",
            id: "acme-challenge-port",
            path: ["accessEdge", key],
            value: port,
            rule: `is the port that the CA comes to for ${challenge}: one of the two can listen there`,
            remedy: "choose another port, or prove the names by dns-01",
          },
        ],
  );
}

/**
 * The CA connects to the addresses that each name has. Those of the Access Edge FQDN are the edge's; of the others
 * nothing here says where they lead, and a company's own domain usually leads to its web site.
 */
function nameFindings(definition: Definition, challenge: Challenge, port: number): Finding[] {
  const { accessEdge } = definition;
  return placesOf(definition).flatMap(({ name, path }): Finding[] => {
    if (name === accessEdge.fqdn) return [];
    const at = { path, value: name };
    if (name.startsWith("*."))
      return [
        {
          ...at,
          severity: "error",
          id: "acme-challenge-wildcard",
          rule: `a wildcard is proved by dns-01 alone, not by ${challenge}`,
          remedy: 'list the names, or set certificate.source.challenge to "dns-01"',
          source: challenge === "http-01" ? "RFC 8555 section 8.3" : "RFC 8737 section 3",
        },
      ];
    const redirect =
      challenge === "http-01"
        ? `, or have its web server redirect /.well-known/acme-challenge/ to http://${accessEdge.fqdn}`
        : "";
    return [
      {
        ...at,
        severity: "warning",
        id: "acme-challenge-name-elsewhere",
        rule: `${challenge} works only where the name itself leads to the edge: the CA connects to port ${port} of its addresses, and nothing here publishes any`,
        remedy: `point ${name} at the edge${redirect}, or set certificate.source.challenge to "dns-01"`,
        source: challenge === "http-01" ? "RFC 8555 section 8.3" : "RFC 8737 section 3",
      },
    ];
  });
}

/** Every name of the certificate once, with what put it there. */
function placesOf({ accessEdge, domains, internal, certificate }: Definition): Place[] {
  const places = new Map<string, Place>();
  const add = (name: string, path: Finding["path"]) => {
    if (!places.has(name)) places.set(name, { name, path });
  };
  add(accessEdge.fqdn, ["accessEdge", "fqdn"]);
  domains.forEach(({ name }, index) => {
    add(name, ["domains", index, "name"]);
  });
  domains.forEach(({ name, sip }, index) => {
    if (sip ?? internal?.kind === "sip") add(`sip.${name}`, ["domains", index, "sip"]);
  });
  certificate.additionalNames.forEach((name, index) => {
    add(name, ["certificate", "additionalNames", index]);
  });
  return [...places.values()];
}
