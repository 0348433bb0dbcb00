import { ALTERED_SIGNATURES, type Misbehaviour, ofRecords, WITHOUT_SIGNATURES } from "./misbehaviour";
import type { Site } from "./world";

const onBoth = (misbehaviour: Misbehaviour): Pick<Site, "first" | "second"> => ({
  first: misbehaviour,
  second: misbehaviour,
});
const NO_DENIAL: Misbehaviour = {
  answer: ofRecords((records) => records.filter(({ type }) => type !== "NSEC" && type !== "NSEC3")),
};
const ABSENT = { "_xmpp-server._tcp SRV": [] };
const WILDCARD = { ...ABSENT, "*._tcp SRV": ["0 0 5269 @edge"] };
/** Data of a DS record that no key fits. */
const foreign = (algorithm: number) => `4711 ${algorithm} 2 ${"ab".repeat(32)}`;

/** Zones in every state that DNSSEC knows (RFC 4035 section 4.3), by label: we, unbound and delv judge their SRV. */
export const TRUST: Readonly<Record<string, { readonly site: Site; readonly verdict: Verdict }>> = {
  "trust-sound": { verdict: "secure", site: {} },
  "trust-open": { verdict: "secure", site: { openTransfer: true } },
  "trust-nsec3": { verdict: "secure", site: { signed: { nsec3Iterations: 0 } } },
  "trust-iterations": { verdict: "secure", site: { signed: { nsec3Iterations: 100 }, records: ABSENT } },
  "trust-absent": { verdict: "secure", site: { records: ABSENT } },
  "trust-absent-nsec3": { verdict: "secure", site: { records: ABSENT, signed: { nsec3Iterations: 0 } } },
  "trust-other-type": { verdict: "secure", site: { records: { ...ABSENT, "_xmpp-server._tcp TXT": ['"x"'] } } },
  "trust-wildcard": { verdict: "secure", site: { records: WILDCARD } },
  "trust-wildcard-nsec3": { verdict: "secure", site: { records: WILDCARD, signed: { nsec3Iterations: 0 } } },
  "trust-sha1": { verdict: "secure", site: { atParent: { "@ DS": ["@ds1"] } } },
  "trust-roll": { verdict: "secure", site: { atParent: { "@ DS": [foreign(15), "@ds"] } } },
  "trust-plain": { verdict: "insecure", site: { signed: false } },
  "trust-below-plain": { verdict: "insecure", site: { under: "plain" } },
  "trust-island": { verdict: "insecure", site: { atParent: { "@ DS": [] } } },
  "trust-unknown": { verdict: "insecure", site: { atParent: { "@ DS": [foreign(253)] } } },
  "trust-mismatch": { verdict: "bogus", site: { atParent: { "@ DS": [foreign(13)] } } },
  "trust-unsigned": { verdict: "bogus", site: { signed: false, atParent: { "@ DS": [foreign(13)] } } },
  "trust-expired": { verdict: "bogus", site: { signed: { window: { from: -40, to: -10 } } } },
  "trust-early": { verdict: "bogus", site: { signed: { window: { from: 10, to: 40 } } } },
  "trust-altered": { verdict: "bogus", site: onBoth(ALTERED_SIGNATURES) },
  "trust-stripped": { verdict: "bogus", site: onBoth(WITHOUT_SIGNATURES) },
  "trust-no-denial": { verdict: "bogus", site: { records: ABSENT, ...onBoth(NO_DENIAL) } },
  "trust-no-denial-nsec3": {
    verdict: "bogus",
    site: { records: ABSENT, signed: { nsec3Iterations: 0 }, ...onBoth(NO_DENIAL) },
  },
  "trust-wildcard-unproved": { verdict: "bogus", site: { records: WILDCARD, ...onBoth(NO_DENIAL) } },
};

export type Verdict = "secure" | "insecure" | "bogus";

export const TRUST_SITES = Object.entries(TRUST).map(([label, { site }]) => [label, site] as const);
export const SOUND_SITE = "trust-sound";
export const OPEN_SITE = "trust-open";
