import type { Evidence } from "../../evidence";
import type { Family, Found } from "../family";
import { otherServices } from "./other-services";
import { wildcard } from "./wildcard";

/** The SRV records of the local domains beside what each of their servers is judged by: what surrounds them. */
export const srvFamily: Family = function* (evidence: Evidence): Iterable<Found> {
  for (const service of evidence.expected.services) {
    yield* wildcard(service, evidence.survey);
    yield* otherServices(service, evidence);
  }
};
