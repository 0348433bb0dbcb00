import type { Packet } from "dns-packet";
import { FAILS, type Misbehaviour, NXDOMAIN, REFUSES_EDNS, rcode, SILENT, SLOW, withData } from "../misbehaviour";
import { type LabCase, SERVERS } from "../world";

const AD = 0x0020;

/** A resolver that still has the record set of yesterday: another target, and so many seconds of its life left. */
const remembers = (seconds: number): Misbehaviour => ({
  answer: withData("SRV", (data) => ({ ...data, target: `old.${data.target}` }), seconds),
});
const remembersRightly: Misbehaviour = { answer: withData("SRV", (data) => data, 17) };
/** The right set, not to be remembered. */
const keepsNothing: Misbehaviour = { answer: withData("SRV", (data) => data, 0) };
const WITHOUT_AD: Misbehaviour = { answer: (answer) => ({ ...answer, flags: (answer.flags ?? 0) & ~AD }) };

/** An absence of its zone, as it was before the record was published. */
const remembersAbsence: Misbehaviour = {
  answer: (answer) =>
    answer.questions?.[0]?.type !== "SRV"
      ? answer
      : { ...rcode(NXDOMAIN)(answer), flags: 0x8180 | NXDOMAIN, authorities: [soaOf(answer)] },
};
const soaOf = (answer: Packet) => {
  const zone = answer.questions?.[0]?.name.split(".").slice(-2).join(".") ?? "";
  const data = { mname: "a", rname: "b", serial: 1, refresh: 3600, retry: 900, expire: 1209600, minimum: 300 };
  return { type: "SOA", name: zone, ttl: 120, data } as const;
};
/** A filter: the name is denied, and no zone says so. */
const denies: Misbehaviour = {
  answer: (answer) => (answer.questions?.[0]?.type === "SRV" ? rcode(NXDOMAIN)(answer) : answer),
};
/** Letters of other case (RFC 4343): the same name. */
const shouts: Misbehaviour = { answer: withData("SRV", (data) => ({ ...data, target: data.target.toUpperCase() })) };

const at = (address: string) => ({ address, port: 53 });
const NOBODY = [at("11.0.53.98"), at("11.0.53.99")] as const;

/** What resolvers tell the public. */
export const PUBLIC_VIEW_CASES: readonly LabCase[] = [
  {
    id: "resolver-stale",
    about: "domain",
    retryAfter: 1200,
    fault: { resolver: remembers(1200) },
    sound: { resolver: remembersRightly },
  },
  {
    id: "resolver-stale",
    variant: "absence",
    about: "domain",
    retryAfter: 120,
    fault: { resolver: remembersAbsence },
    sound: { resolver: keepsNothing },
  },
  {
    id: "resolver-differs",
    about: "domain",
    fault: { resolver: denies },
    sound: { resolver: shouts },
  },
  {
    id: "resolver-ad",
    about: "server",
    fault: { definition: {}, resolver: WITHOUT_AD },
    sound: { definition: {}, under: "plain", resolver: WITHOUT_AD },
  },
  {
    id: "resolver-unreachable",
    about: "server",
    fault: { definition: {}, resolver: SILENT },
    sound: { definition: {}, resolver: SLOW },
  },
  {
    id: "resolver-unreachable",
    variant: "refused",
    about: "server",
    fault: { verify: () => ({ resolvers: [at(SERVERS.resolvers.first), NOBODY[0]] }) },
    sound: { verify: () => ({ resolvers: [at(SERVERS.resolvers.first)] }) },
  },
  {
    id: "resolver-unreachable",
    variant: "all",
    about: "server",
    verdict: "unknown",
    fault: { verify: () => ({ resolvers: NOBODY }) },
    sound: { verify: () => ({ resolvers: [] }) },
  },
  {
    id: "resolver-failure",
    about: "domain",
    fault: { resolver: FAILS },
    // It knows no EDNS, and answers the bare question.
    sound: { under: "plain", resolver: REFUSES_EDNS },
  },
];
