import type { Family } from "../family";
import { broken } from "./broken";
import { caa } from "./caa";
import { concernedZones } from "./concerned-zones";
import { expiring } from "./expiring";
import { protection } from "./protection";
import { tlsa } from "./tlsa";

/** On signatures (DNSSEC), and on what TLSA and CAA records say of the certificate. Only name servers' words count. */
export const dnssecFamily: Family = function* (evidence) {
  if (evidence.survey.reach === "resolvers-only") return;
  const zones = concernedZones(evidence);
  yield* broken(zones, evidence);
  yield* expiring(zones, evidence);
  yield* protection(zones, evidence);
  yield* tlsa(evidence);
  yield* caa(evidence);
};
