import type { Evidence } from "../../evidence";
import type { Family, Found } from "../family";
import { notPublic } from "./not-public";
import { reverseName } from "./reverse-name";

/** On the addresses of the Access Edge themselves, whether or not they are the declared ones. */
export const addressFamily: Family = function* (evidence: Evidence): Iterable<Found> {
  for (const host of evidence.expected.hosts) {
    yield* notPublic(host, evidence);
    yield* reverseName(host, evidence);
  }
};
