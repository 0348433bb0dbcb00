import { type Answer, AUTHENTIC_DATA, AUTHORITATIVE_ANSWER, encode, RECURSION_AVAILABLE } from "dns-packet";
import { type Facts, facts } from "../../../src/definition";
import type { Evidence } from "../../../src/dns/evidence";
import { type Allowances, expectedOf, type VerifiedFacts } from "../../../src/dns/expected";
import type { Detour, ExtendedError, WireQuestion } from "../../../src/dns/resolver";
import { parseServerAddress } from "../../../src/dns/resolver";
import type { Zone } from "../../../src/dns/survey";
import { type AskedOfZone, type Observation, questionKey, type Said, type Survey } from "../../../src/dns/survey";
import { definition } from "../contoso-zone";
import { CODES } from "../responder";

// Evidence made by hand: what servers said, as messages on the wire, for the families of checks to judge.

export const CONTOSO: Facts = facts(definition());

/** How a message differs from an authoritative answer with these records. */
export interface SaidHow {
  readonly code?: keyof typeof CODES;
  readonly authoritative?: boolean;
  readonly recursive?: boolean;
  readonly authenticData?: boolean;
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  readonly extendedErrors?: readonly ExtendedError[];
  readonly transport?: "udp" | "tcp";
  readonly edns?: boolean;
  readonly roundTrip?: number;
  readonly after?: Detour;
}

/** What a server said to a question. */
export function said(question: WireQuestion, answers: readonly Answer[], how: SaidHow = {}): Said {
  const { code = "NOERROR", authoritative = true, recursive = false, authenticData = false } = how;
  const { authorities = [], additionals = [], extendedErrors = [] } = how;
  const { transport = "udp", edns = true, roundTrip = 3, after } = how;
  const flags =
    (authoritative ? AUTHORITATIVE_ANSWER : 0) |
    (recursive ? RECURSION_AVAILABLE : 0) |
    (authenticData ? AUTHENTIC_DATA : 0) |
    CODES[code];
  const wire = encode({
    type: "response",
    id: 1,
    flags,
    questions: [{ name: question.name, type: question.type, class: "IN" }],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  });
  const way = { transport, edns, roundTrip, ...(after !== undefined && { after }) };
  return { status: "answered", ...way, code, authoritative, extendedErrors, wire };
}

export const failed = (code: Extract<Said, { status: "failed" }>["code"], reason: string = code): Said => ({
  status: "failed",
  code,
  reason,
});

/** The zone's SOA record, as negative answers have it. */
export const soa = (zone: string, minimum = 300, more: object = {}): Answer => ({
  type: "SOA",
  name: zone,
  ttl: minimum,
  data: { mname: `ns1.${zone}`, rname: `hostmaster.${zone}`, serial: 1, refresh: 3600, minimum, ...more },
});

/** What servers said, by `ADDRESS[:PORT]`, to a question. */
export interface Heard {
  readonly question: WireQuestion;
  readonly from: Readonly<Record<string, Said>>;
  /** Of name servers: whose. */
  readonly zone?: string;
}

const observations = (from: Heard["from"]): Observation[] =>
  Object.entries(from).map(([server, said]) => ({ server: parseServerAddress(server)!, said }));

const asked = (heard: readonly Heard[]): Map<string, AskedOfZone> =>
  new Map(
    heard.map(({ question, from, zone }) => [
      questionKey(question),
      { question, observations: observations(from), ...(zone !== undefined && { zone }) },
    ]),
  );

export interface SurveyParts extends Partial<Omit<Survey, "zones" | "atNameServers" | "atResolvers" | "overTcp">> {
  readonly zones?: readonly Zone[];
  readonly atNameServers?: readonly Heard[];
  readonly atResolvers?: readonly Heard[];
  readonly overTcp?: readonly Heard[];
}

export const surveyOf = (parts: SurveyParts = {}): Survey => ({
  reach: "delegation",
  silentRoots: [],
  ipv6: false,
  complete: true,
  sent: 0,
  places: new Map(),
  randomLabel: "0123456789abcdef",
  ...parts,
  zones: new Map((parts.zones ?? []).map((zone) => [zone.name, zone])),
  atNameServers: asked(parts.atNameServers ?? []),
  atResolvers: asked(parts.atResolvers ?? []),
  overTcp: asked(parts.overTcp ?? []),
});

export interface EvidenceParts extends Partial<Omit<Evidence, "expected" | "survey">>, Allowances {
  readonly facts?: VerifiedFacts;
  readonly survey?: SurveyParts;
}

/** Evidence about `contoso.example`, unless other facts are given. */
export function evidenceOf({ facts: of = CONTOSO, survey, ...parts }: EvidenceParts = {}): Evidence {
  const { declaredTargets, takesOver, allowPrivate, ...rest } = parts;
  return {
    expected: expectedOf(of, {
      ...(declaredTargets && { declaredTargets }),
      ...(takesOver !== undefined && { takesOver }),
      ...(allowPrivate !== undefined && { allowPrivate }),
    }),
    survey: surveyOf(survey),
    trust: { zones: new Map(), answers: new Map() },
    probes: [],
    partners: [],
    now: Date.UTC(2026, 10, 23),
    ...rest,
  };
}
