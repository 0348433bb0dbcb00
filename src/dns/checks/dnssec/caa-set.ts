/** A CAA record (RFC 8659 section 4.1). */
export interface CaaRecord {
  readonly flags: number;
  /** In lower case: tags compare so. */
  readonly tag: string;
  readonly value: string;
}

/** Undefined where the data is none. */
export function readCaa(data: Buffer): CaaRecord | undefined {
  const [flags, length] = data;
  if (flags === undefined || length === undefined || length === 0 || data.length < 2 + length) return undefined;
  const text = (octets: Buffer) => octets.toString("latin1");
  return { flags, tag: text(data.subarray(2, 2 + length)).toLowerCase(), value: text(data.subarray(2 + length)) };
}

/** For people and zone files; octets that are no plain text are escaped, and long values cut. */
export function caaText({ flags, tag, value }: CaaRecord): string {
  const plain = (text: string) =>
    text.replace(/["\\]/g, "\\$&").replace(/[^ -~]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, "0")}`);
  const cut = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
  return `${flags} ${plain(tag.slice(0, 15))} "${plain(cut)}"`;
}
const SHOWN = 255;

/** Who asks for a certificate, and how it proves a name. */
export interface Applicant {
  /** Domains by which the CA knows itself in CAA records, in lower case; empty: it is not known. */
  readonly issuers: readonly string[];
  /** ACME account, where it is known. */
  readonly account?: string;
  /** ACME method, where there is one. */
  readonly method?: string;
}

const CRITICAL = 0x80;
/** Tags that CAs know: RFC 8659, RFC 9495, the CA/Browser Forum's contacts, BIMI's marks. */
const KNOWN = new Set(["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"]);

/** Records that forbid everything to whoever does not know their tag (RFC 8659 section 4.1). */
export const unknownCritical = (set: readonly CaaRecord[]): CaaRecord[] =>
  set.filter(({ flags, tag }) => (flags & CRITICAL) !== 0 && !KNOWN.has(tag));

/**
 * Why a set lets the applicant have no certificate for a name; undefined where it may have one (RFC 8659 section 4.3,
 * RFC 8657). A set without a record that restricts the kind of name restricts nothing.
 * @param wildcard the name is one
 */
export function forbidden(set: readonly CaaRecord[], applicant: Applicant, wildcard: boolean): string | undefined {
  const [issue, issueWild] = ["issue", "issuewild"].map((tag) => set.filter((record) => record.tag === tag));
  const restricting = wildcard && issueWild!.length > 0 ? issueWild! : issue!;
  if (restricting.length === 0) return undefined;
  const properties = restricting.map(({ value }) => readIssuer(value));
  if (applicant.issuers.length === 0)
    return properties.every((property) => property?.issuer === "") ? "no CA may issue" : undefined;
  const ours = properties.filter((property) => property !== undefined && applicant.issuers.includes(property.issuer));
  if (ours.length === 0) return `${applicant.issuers[0]} may not issue`;
  const obstacles = ours.map((property) => obstacle(property!.parameters, applicant));
  return obstacles.includes(undefined) ? undefined : obstacles[0];
}

/** What RFC 8657 parameters of our own CA's record forbid. */
function obstacle(parameters: readonly (readonly [string, string])[], { account, method }: Applicant) {
  const all = (tag: string) => parameters.flatMap(([name, value]) => (name === tag ? [value] : []));
  const [accounts, methods] = [all("accounturi"), all("validationmethods")];
  if (accounts.length > 1 || methods.length > 1) return "a parameter stands twice, so that nobody may issue";
  const [uri] = accounts;
  if (uri !== undefined && account !== undefined && uri !== account)
    return `only the account ${uri.slice(0, 200)} may ask`;
  const [allowed] = methods;
  if (allowed !== undefined && method !== undefined && !allowed.split(",").includes(method))
    return `only by ${allowed.slice(0, 200)} may names be proved, not by ${method}`;
  return undefined;
}

interface Issuer {
  /** In lower case; empty: nobody. */
  readonly issuer: string;
  readonly parameters: readonly (readonly [tag: string, value: string])[];
}

/** RFC 8659 section 4.2; undefined where it does not follow the grammar: then it names no CA. */
function readIssuer(value: string): Issuer | undefined {
  const [issuer = "", ...rest] = value.split(";").map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (issuer !== "" && !/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i.test(issuer))
    return undefined;
  const parameters: [string, string][] = [];
  for (const part of rest.filter((one) => one !== "")) {
    const [, tag, text] = /^([a-z0-9-]+)[ \t]*=[ \t]*([!-:<-~]*)$/i.exec(part) ?? [];
    if (tag === undefined || text === undefined) return undefined;
    parameters.push([tag.toLowerCase(), text]);
  }
  return { issuer: issuer.toLowerCase(), parameters };
}

/** The CA that a definition names may carry parameters of its own, as it would be written into a record. */
export function applicantOf(
  issuer: string | undefined,
  { source, challenge }: { readonly source: string; readonly challenge?: string },
): Applicant {
  const read = issuer === undefined ? undefined : readIssuer(issuer);
  const account = read?.parameters.find(([tag]) => tag === "accounturi")?.[1];
  const own = read === undefined || read.issuer === "" ? [] : [read.issuer];
  return {
    issuers: source === "acm" && own.some((one) => AMAZON.includes(one)) ? [...new Set([...own, ...AMAZON])] : own,
    ...(account !== undefined && { account }),
    ...(challenge !== undefined && { method: challenge }),
  };
}

/** Any of them allows Amazon's CA ("Setting up CAA records", AWS Certificate Manager User Guide). */
const AMAZON = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];
