/** Name constraints of a CA, applied to what stands below it (RFC 5280 section 4.2.1.10). */
import type { Certificate } from "./certificate";
import { comparableNames } from "./distinguished-name";
import type { NameConstraints } from "./extensions";
import type { GeneralName } from "./general-name";
import { otherDomainOf } from "./identity-names";

/** Forms are constrained each for itself; for otherName each type is a form. */
const formOf = (name: GeneralName) => (name.form === "other" ? `other:${name.type}` : name.form);

/**
 * Whether the DNS name `base` covers `name`. RFC 5280 adds labels to the left and knows no leading dot; CAs write one
 * all the same, and software disagrees on whether it covers the bare name: the caller says which reading is safe.
 */
function covers(base: string, name: string, bareToo: boolean): boolean {
  if (base === "") return true;
  const bare = base.startsWith(".") ? base.slice(1) : base;
  return name.endsWith(`.${bare}`) || (name === bare && (bareToo || bare === base));
}

/** A wildcard stands for every name one label longer, so it must stay out of each excluded one too. */
function dnsExcluded(base: string, name: string): boolean {
  if (!name.startsWith("*.")) return covers(base, name, true);
  const parent = name.slice(2);
  const bare = base.startsWith(".") ? base.slice(1) : base;
  return covers(base, parent, true) || bare.slice(bare.indexOf(".") + 1) === parent;
}

function dnsPermitted(base: string, name: string): boolean {
  // All that "*.a" stands for lies below ".a" as well as below "a".
  return name.startsWith("*.") ? covers(base, name.slice(2), true) : covers(base, name, false);
}

function directoryCovers(base: Buffer, name: Buffer): boolean {
  const names = comparableNames(name);
  return comparableNames(base).every((part, index) => names[index] === part);
}

// A base that is no domain ("*.a", "a.") would cover nothing, and so exclude nothing: it refuses instead.
const DNS_BASE = /^(\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*)?$/;

/** @returns what is wrong with one name, or undefined */
function findViolation({ permitted, excluded }: NameConstraints, name: GeneralName): string | undefined {
  const form = formOf(name);
  const allowed = permitted.filter((base) => formOf(base) === form);
  const forbidden = excluded.filter((base) => formOf(base) === form);
  if (allowed.length === 0 && forbidden.length === 0) return undefined;
  if (name.form === "dns") {
    const odd = [...allowed, ...forbidden].find((base) => base.form === "dns" && !DNS_BASE.test(base.name));
    if (odd?.form === "dns") return `a DNS constraint is not a domain: ${JSON.stringify(odd.name.slice(0, 80))}`;
    const shown = JSON.stringify(name.name);
    if (forbidden.some((base) => base.form === "dns" && dnsExcluded(base.name, name.name)))
      return `${shown} is excluded`;
    if (allowed.length > 0 && !allowed.some((base) => base.form === "dns" && dnsPermitted(base.name, name.name)))
      return `${shown} is not permitted`;
    return undefined;
  }
  if (name.form === "directory") {
    const within = (base: GeneralName) => base.form === "directory" && directoryCovers(base.name, name.name);
    if (forbidden.some(within)) return "its directory name is excluded";
    return allowed.length > 0 && !allowed.some(within) ? "its directory name is not permitted" : undefined;
  }
  // Section 4.2.1.10: a constraint on a form that is present is applied, or the certificate refused.
  return `it has a name of the form ${form}, whose constraint is not applied here`;
}

const EMPTY_NAME = "0\u0000"; // an empty SEQUENCE

/**
 * @returns what of `certificate`'s names the constraints forbid, or undefined
 * @throws DerError where a directory name cannot be read
 */
export function findForbiddenName(
  constraints: readonly NameConstraints[],
  certificate: Certificate,
): string | undefined {
  if (constraints.length === 0) return undefined;
  // The subject counts as a directoryName; e-mail addresses in it do not matter here, domains alone identify.
  const names = [...certificate.extensions.subjectAltName];
  // A CA held to some domains must not name another one by an SRVName or an XMPP address, of which constraints on DNS
  // names say nothing (RFC 5280): such a name is held to them as well.
  for (const name of certificate.extensions.subjectAltName) {
    const domain = otherDomainOf(name);
    if (domain !== undefined) names.push({ form: "dns", name: domain });
  }
  if (certificate.subjectKey !== EMPTY_NAME)
    names.push({ form: "directory", name: Buffer.from(certificate.subjectKey, "latin1") });
  for (const name of names)
    for (const constraint of constraints) {
      const violation = findViolation(constraint, name);
      if (violation) return violation;
    }
  return undefined;
}
