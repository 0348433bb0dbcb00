import type { Packet } from "dns-packet";
import { HONEST, LOSES_ONE, type Misbehaviour, NXDOMAIN, rcode, SERVFAIL, SILENT, withData } from "../misbehaviour";
import type { LabCase } from "../world";

const AD = 0x0020;
const isService = ({ questions = [] }: Packet) => questions.some(({ name }) => name.startsWith("_xmpp-server."));
const ofService = (change: (answer: Packet) => Packet): Misbehaviour => ({
  answer: (answer) => (isService(answer) ? change(answer) : answer),
});

/** That there is none, as the zone says it, or as somebody says it who is not the zone. */
const denies = (how: { readonly withSoa: boolean }): Misbehaviour =>
  ofService((answer) => {
    const zone = answer.questions![0]!.name.split(".").slice(-2).join(".");
    const data = { mname: `first.${zone}`, rname: `hostmaster.${zone}`, serial: 1, minimum: 77 };
    return {
      ...rcode(NXDOMAIN)(answer),
      ...(how.withSoa && { authorities: [{ type: "SOA" as const, name: zone, ttl: 77, data }] }),
    };
  });
/** As a resolver that does not validate. */
const UNVALIDATED: Misbehaviour = { answer: (answer) => ({ ...answer, flags: (answer.flags ?? 0) & ~AD }) };
const OWN_RUN = { definition: {} };

/** What resolvers tell the public. */
export const PUBLIC_VIEW_CASES: readonly LabCase[] = [
  {
    id: "resolver-stale",
    variant: "set",
    about: "domain",
    retryAfter: 77,
    fault: { resolver: { answer: withData("SRV", (data) => ({ ...data, port: 5222 }), 77) } },
    sound: { resolver: { answer: withData("SRV", (data) => data, 1) } },
  },
  {
    id: "resolver-stale",
    variant: "absence",
    about: "domain",
    retryAfter: 77,
    fault: { resolver: denies({ withSoa: true }) },
    sound: { resolver: HONEST },
  },
  {
    id: "resolver-differs",
    about: "domain",
    fault: { resolver: denies({ withSoa: false }) },
    sound: { resolver: HONEST },
  },
  {
    id: "resolver-failure",
    about: "domain",
    found: /SERVFAIL/,
    fault: { resolver: ofService(rcode(SERVFAIL)) },
    sound: { resolver: HONEST },
  },
  {
    id: "resolver-unreachable",
    about: "server",
    fault: { resolver: SILENT, ...OWN_RUN },
    sound: { resolver: LOSES_ONE, ...OWN_RUN },
  },
  {
    id: "resolver-ad",
    about: "server",
    fault: { resolver: UNVALIDATED, ...OWN_RUN },
    sound: { resolver: UNVALIDATED, under: "plain", signed: false, ...OWN_RUN },
  },
];
