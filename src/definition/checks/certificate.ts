import { certificateNames } from "../facts/certificate-names";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

const SOURCE = "Lync Server 2013, Plan for Edge Server certificates";
/** What public CAs put into one certificate at most. */
const MAXIMUM_NAMES = 100;
/** What the reader of certificates takes, ours and most partners'. */
const MAXIMUM_NAMES_EVER = 500;
/** X.520 ub-common-name. */
const MAXIMUM_COMMON_NAME = 64;

/** V6, V7, and properties that the chosen source cannot honour. */
export function certificateFindings(definition: Definition): Finding[] {
  const { certificate, accessEdge } = definition;
  const found: Finding[] = [];
  const derived = new Set(
    certificateNames({ ...definition, certificate: { ...certificate, additionalNames: [] } }).names.map(
      (one) => one.name,
    ),
  );
  certificate.additionalNames.forEach((name, index) => {
    const at = { path: ["certificate", "additionalNames", index], value: name };
    if (name.startsWith("*."))
      found.push({
        ...at,
        severity: "warning",
        id: "certificate-wildcard",
        rule: "wildcards are not supported by Lync, and cover one label only; partners look for the domain itself",
        remedy: "list the names",
        source: SOURCE,
      });
    if (derived.has(name))
      found.push({
        ...at,
        severity: "info",
        id: "certificate-name-derived",
        rule: "is in the certificate anyway",
        remedy: "leave it out",
      });
  });
  const names = certificateNames(definition).names;
  if (names.length > MAXIMUM_NAMES) found.push(namesMany(names.length, certificate.source.kind));
  if (accessEdge.fqdn.length > MAXIMUM_COMMON_NAME)
    found.push({
      severity: "error",
      id: "certificate-common-name-long",
      path: ["accessEdge", "fqdn"],
      value: accessEdge.fqdn,
      rule: `the certificate's common name holds at most ${MAXIMUM_COMMON_NAME} characters (X.520)`,
      remedy: "choose a shorter Access Edge FQDN",
    });
  found.push(...sourceFindings(definition));
  return found;
}

function namesMany(names: number, source: Definition["certificate"]["source"]["kind"]): Finding {
  const at = {
    severity: source === "acme" ? "error" : "warning",
    id: "certificate-names-many",
    path: ["certificate", "additionalNames"],
    value: names,
  } as const;
  const edges = Math.ceil(names / MAXIMUM_NAMES);
  const own = Math.ceil(names / MAXIMUM_NAMES_EVER);
  if (own === 1 || source === "acme")
    return {
      ...at,
      rule: `public CAs put at most ${MAXIMUM_NAMES} names into a certificate`,
      remedy: `split the domains over ${edges} edges, or use a CA of your own`,
    };
  return {
    ...at,
    rule: `these names need ${own} certificates: no certificate of more than ${MAXIMUM_NAMES_EVER} is made or taken, and public CAs put at most ${MAXIMUM_NAMES} into one`,
    remedy: `split the domains over ${own} edges (${edges} with a public CA), or have the certificates issued yourself and give each to run by --certificate and --key`,
  };
}

function sourceFindings({ certificate }: Definition): Finding[] {
  const kind = certificate.source.kind;
  if (kind !== "acme" && kind !== "acm") return [];
  const found: Finding[] = [];
  const validating = kind === "acme" ? "an ACME CA validates domains only" : "ACM validates domains only";
  for (const part of ["organization", "organizationalUnit", "country", "state", "locality"] as const)
    if (certificate[part] !== undefined)
      found.push({
        severity: "error",
        id: "certificate-source-subject",
        path: ["certificate", part],
        value: certificate[part],
        rule: `${validating}: it cannot honour ${part}`,
        remedy: `remove ${part}, or use source request`,
      });
  if (kind === "acm" && certificate.key.type === "RSA" && certificate.key.bits !== 2048)
    found.push({
      severity: "error",
      id: "certificate-source-key",
      path: ["certificate", "key", "bits"],
      value: certificate.key.bits,
      rule: "ACM issues RSA keys of 2048 bits only",
      remedy: "use RSA 2048 or ECDSA",
    });
  if (kind === "acm" && certificate.friendlyName !== undefined)
    found.push({
      severity: "error",
      id: "certificate-source-friendly-name",
      path: ["certificate", "friendlyName"],
      value: certificate.friendlyName,
      rule: "ACM has no friendly name",
      remedy: "remove it",
    });
  return found;
}
