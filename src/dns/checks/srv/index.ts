import type { Evidence } from "../../evidence";
import type { Family, Found } from "../family";
import { fallbackAddress } from "./fallback-address";
import { idnForms } from "./idn-forms";
import { legacyGateway } from "./legacy-gateway";
import { misplaced } from "./misplaced";
import { otherServices } from "./other-services";
import { ownerAlias } from "./owner-alias";
import { timeToLive } from "./time-to-live";
import { wildcard } from "./wildcard";

/** The SRV records of the local domains beside what each of their servers is judged by: what surrounds them. */
export const srvFamily: Family = function* (evidence: Evidence): Iterable<Found> {
  for (const service of evidence.expected.services) {
    yield* legacyGateway(service, evidence);
    yield* ownerAlias(service, evidence);
    yield* timeToLive(service, evidence);
    yield* wildcard(service, evidence.survey);
    yield* misplaced(service, evidence);
    yield* fallbackAddress(service, evidence);
    yield* otherServices(service, evidence);
    yield* idnForms(service, evidence);
  }
};
