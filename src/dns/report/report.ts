/** `unknown`: could not be found out. It is never said of what a server denied, nor a denial of what none answered. */
export type Verdict = "pass" | "warn" | "fail" | "unknown";

/** One fault, or one thing that could not be found out. */
export interface VerifyFinding {
  /** Stable id of the check. */
  readonly id: string;
  readonly verdict: Exclude<Verdict, "pass"> | "info";
  /** What the check gives as a rule; the verdict says what it gave here. */
  readonly severity: "fail" | "warn" | "info";
  /** The local domain, or the Access Edge FQDN where its addresses are at fault; null where only a server is. */
  readonly domain: string | null;
  /** Other names of the definition that suffer from the same. */
  readonly touches?: readonly string[];
  /** The name and type that were asked for. */
  readonly subject: string;
  /** Everyone who answered so, with commas between. */
  readonly server: string;
  readonly found: string;
  readonly expected: string;
  readonly source: string;
  /** What to do; where one record mends it, the zone file line. */
  readonly remedy: string;
  /** The records that mend it, where records do. */
  readonly change?: RecordChange;
  /** Seconds after which what a resolver remembers is gone; null where waiting does not help. */
  readonly retryAfter: number | null;
  /** Where the definition says what was expected; null where it says nothing about it. */
  readonly definition?: DefinitionPlace | null;
  /** Present where the definition waives it: the verdict is `info` then. */
  readonly waived?: {
    readonly reason: string;
    /** The last day, `YYYY-MM-DD`. */
    readonly until: string;
    /** What the finding would be without the waiver. */
    readonly verdict: VerifyFinding["verdict"];
  };
}

/** What to do to a zone, as zone file lines: remove first, then publish. */
export interface RecordChange {
  readonly remove: readonly string[];
  readonly publish: readonly string[];
}

/** What one server said to one question. */
export interface EvidenceEntry {
  readonly asked: "name-server" | "resolver";
  readonly server: string;
  /** Name and type. */
  readonly question: string;
  readonly transport?: "udp" | "tcp";
  readonly rcode?: string;
  /** Of `aa`, `tc`, `ra`, `ad`, and `edns` where the question that was answered had EDNS. */
  readonly flags?: readonly string[];
  /** As zone file lines, bounded. */
  readonly answers?: readonly string[];
  readonly authorities?: readonly string[];
  readonly extendedErrors?: readonly { readonly code: number; readonly text: string }[];
  /** Milliseconds. */
  readonly rtt?: number;
  /** The message in hexadecimal. */
  readonly raw?: string;
  /** Given where there was no answer: `timeout`, `unreachable`, `malformed` and so on. */
  readonly failure?: string;
  readonly reason?: string;
}

/** What a monitor draws curves of. Times are seconds since 1970. */
export interface Measures {
  readonly queries: {
    /** How many answers took at most so many seconds. */
    readonly buckets: readonly { readonly le: number; readonly count: number }[];
    readonly count: number;
    /** Seconds, of all answers together. */
    readonly sum: number;
    readonly unanswered: number;
  };
  /** The first signature to end in each signed zone. */
  readonly signatures: readonly { readonly zone: string; readonly expires: number }[];
  readonly certificates: readonly {
    readonly domain: string;
    readonly address: string;
    readonly port: number;
    readonly expires: number;
  }[];
}

/** From where it was looked, and so what can be said: of name servers nothing where only resolvers could be asked. */
export interface LookedFrom {
  readonly reach: "delegation" | "given" | "resolvers-only";
  readonly ipv6: boolean;
  readonly resolvers: readonly string[];
  /** Questions put to servers. */
  readonly sent: number;
}

/** What a bound kept from being looked at: nothing is known of it, and no verdict speaks of it. */
export interface NotLooked {
  /** `probes`: domains at an address of the Access Edge; `partners`: their domains. */
  readonly what: "probes" | "partners";
  readonly count: number;
}

/** A place in the file of the definition. */
export interface DefinitionPlace {
  /** Such as `domains[0].name`. */
  readonly path: string;
  /** Counted from 1; null in TypeScript, whose values have no place in the text. */
  readonly line: number | null;
  readonly column: number | null;
}

/** The outcome of `verifyDns`. Fields are added within a schema version, never changed. */
export interface VerifyReport {
  readonly schema: "xmpp-edge/dns-verify/1";
  readonly verdict: Verdict;
  /** False where the run was interrupted. */
  readonly complete: boolean;
  /** Which program made it. */
  readonly tool?: { readonly name: string; readonly version: string };
  /** The file of the definition, as it was named. */
  readonly file?: string;
  /** RFC 3339, UTC. */
  readonly started?: string;
  readonly finished?: string;
  /** Why a gate closes: a failed check, a warning that is not allowed, a wait that ran out; null where none does. */
  readonly reason?: "fail" | "warn" | "wait" | null;
  /** The ids of all checks that the run could have found something by. */
  readonly checks?: readonly string[];
  readonly counts: {
    readonly domains: number;
    /** Checks that were done, over all answers. */
    readonly checks: number;
    readonly questions: number;
    /** Findings by verdict. */
    readonly fail: number;
    readonly unknown: number;
    readonly warn: number;
    readonly info: number;
    /** Findings that the definition waives; they are counted as `info` as well. */
    readonly waived?: number;
  };
  readonly domains: readonly { readonly domain: string; readonly verdict: Verdict }[];
  /** Faults first. */
  readonly findings: readonly VerifyFinding[];
  readonly vantage?: LookedFrom;
  /** Present where a bound left something out. */
  readonly notLooked?: readonly NotLooked[];
  /** What every server said; only where it was wished for. */
  readonly evidence?: readonly EvidenceEntry[];
  readonly measures?: Measures;
  /** Who was asked. */
  readonly servers: readonly {
    readonly kind: "resolver" | "name-server";
    readonly server: string;
    readonly zone: string | null;
  }[];
}

/** From worst to best. */
const RANK = ["fail", "unknown", "warn", "info", "pass"] as const;
type Ranked = (typeof RANK)[number];

/** The worst of the verdicts; `info` changes none. */
export function worst(verdicts: Iterable<Ranked>): Verdict {
  const worstOf = [...verdicts].reduce<Ranked>((a, b) => (RANK.indexOf(a) < RANK.indexOf(b) ? a : b), "pass");
  return worstOf === "info" ? "pass" : worstOf;
}

/** Worst first, then by domain, id, server: the same for the same answers, in whatever order they came. */
export function byWeight(a: VerifyFinding, b: VerifyFinding): number {
  const keys = (finding: VerifyFinding) => [finding.domain ?? "\uffff", finding.id, finding.server, finding.subject];
  const differs = RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict);
  if (differs !== 0) return differs;
  const [first, second] = [keys(a).join("\0"), keys(b).join("\0")];
  return first < second ? -1 : Number(first > second);
}
