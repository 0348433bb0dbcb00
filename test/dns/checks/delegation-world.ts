import type { Answer } from "dns-packet";
import type { VerifiedFacts } from "../../../src/dns/expected";
import type { WireQuestion } from "../../../src/dns/resolver";
import { type Cut, questionKey, type Said, type Zone, type ZoneServer } from "../../../src/dns/survey";
import { EDGE, OWNER } from "../contoso-zone";
import { evidenceOf, type Heard, type SurveyParts, said, soa } from "./evidence";

// A delegation made by hand: contoso.example on two servers of its own, below example on one.

export const ZONE = "contoso.example";
export const NS1 = `ns1.${ZONE}`;
export const NS2 = `ns2.${ZONE}`;
export const ONE = "192.0.2.1";
export const TWO = "192.0.2.2";
export const PARENT = "192.0.2.53";

export const SRV = { name: OWNER, type: "SRV" } as const;
export const A = { name: EDGE, type: "A" } as const;
export const AAAA = { name: EDGE, type: "AAAA" } as const;
export const SOA = { name: ZONE, type: "SOA" } as const;
export const NS = { name: ZONE, type: "NS" } as const;
export const TLSA = { name: `_5269._tcp.${EDGE}`, type: "TLSA" } as const;
export const AXFR = { name: ZONE, type: "AXFR" } as const;
const ADDRESS_OF_ONE = { name: NS1, type: "A" } as const;
const ADDRESS_OF_TWO = { name: NS2, type: "A" } as const;

export const service = (data: object = {}): Answer => ({
  type: "SRV",
  name: OWNER,
  ttl: 300,
  data: { priority: 0, weight: 0, port: 5269, target: EDGE, ...data },
});
export const four = (name: string, data: string): Answer => ({ type: "A", name, ttl: 300, data });
export const ns = (data: string): Answer => ({ type: "NS", name: ZONE, ttl: 300, data });

/** What a sound server says, to everything that it is asked. */
const SOUND: readonly (readonly [WireQuestion, readonly Answer[]])[] = [
  [SRV, [service()]],
  [A, [four(EDGE, "198.51.100.7")]],
  [AAAA, [{ type: "AAAA", name: EDGE, ttl: 300, data: "2001:db8::7" }]],
  [SOA, [soa(ZONE)]],
  [NS, [ns(NS1), ns(NS2)]],
  [TLSA, []],
  [ADDRESS_OF_ONE, [four(NS1, ONE)]],
  [ADDRESS_OF_TWO, [four(NS2, TWO)]],
];

export const server = (host: string, address: string, more: Partial<ZoneServer> = {}): ZoneServer => ({
  host,
  address,
  port: 53,
  from: "glue",
  namedBy: "parent",
  ...more,
});

export const referral = (hosts: readonly string[], glue: Extract<Cut, { kind: "referral" }>["glue"]): Cut => ({
  kind: "referral",
  zone: ZONE,
  hosts,
  glue,
});

export interface WorldParts {
  readonly zone?: Partial<Zone>;
  readonly facts?: VerifiedFacts;
  /** What the second server says otherwise, by `questionKey`; a function says how all that it says is changed. */
  readonly second?: Readonly<Record<string, Said>> | ((question: WireQuestion, right: Said) => Said);
  /** What both say otherwise. */
  readonly both?: Readonly<Record<string, Said>> | ((question: WireQuestion, right: Said) => Said);
  readonly overTcp?: readonly Heard[];
  readonly survey?: SurveyParts;
}

/** Evidence about that world; sound but for what is given. */
export function worldOf({ zone, facts, second = {}, both = {}, overTcp, survey = {} }: WorldParts = {}) {
  const changed = (by: NonNullable<WorldParts["both"]>, question: WireQuestion, right: Said) =>
    typeof by === "function" ? by(question, right) : (by[questionKey(question)] ?? right);
  const asked = SOUND.map(([question, answers]): Heard => {
    const how = answers.length === 0 ? { authorities: [soa(ZONE)] } : {};
    const one = changed(both, question, said(question, answers, how));
    return { question, zone: ZONE, from: { [ONE]: one, [TWO]: changed(second, question, one) } };
  });
  const tcp = { transport: "tcp", edns: false } as const;
  const byTcp: Heard[] = [
    { question: SOA, zone: ZONE, from: { [ONE]: said(SOA, [soa(ZONE)], tcp), [TWO]: said(SOA, [soa(ZONE)], tcp) } },
  ];
  const glue = [
    { host: NS1, address: ONE },
    { host: NS2, address: TWO },
  ];
  const contoso: Zone = {
    name: ZONE,
    path: [".", "example", ZONE],
    parentSays: [{ server: { address: PARENT, port: 53 }, cut: referral([NS1, NS2], glue) }],
    servers: [server(NS1, ONE), server(NS2, TWO)],
    withoutAddress: [],
    ...zone,
  };
  return evidenceOf({
    ...(facts !== undefined && { facts }),
    survey: {
      zones: [contoso],
      places: new Map([ZONE, EDGE].map((name) => [name, { status: "found", zone: ZONE }])),
      atNameServers: asked,
      overTcp: overTcp ?? byTcp,
      ...survey,
    },
  });
}
