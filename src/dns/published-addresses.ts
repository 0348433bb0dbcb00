import { canonicalAddress } from "./canonical-address";
import type { PublishedAddress } from "./checks";
import type { Observation } from "./observe";

/** The addresses that one server gave, in canonical form. */
export const publishedAddresses = ({ answer }: Observation): PublishedAddress[] =>
  answer.status !== "found"
    ? []
    : answer.records.flatMap((record) =>
        record.type === "SRV"
          ? []
          : [{ type: record.type, address: canonicalAddress(record.address), ttl: record.ttl }],
      );
