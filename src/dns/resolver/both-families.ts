import { setTimeout as delay } from "node:timers/promises";
import type { AddressAnswer, Lookup } from "./name-resolver";

/** Addresses given of one host: a hostile zone may hold thousands. */
const MAX_ADDRESSES = 4;
/** Once one family is known, milliseconds the other may still take (RFC 8305 section 3 has 50; names are cached). */
const FAMILY_GRACE = 300;

type Addresses = Lookup<readonly AddressAnswer[]>;

/** A host's addresses of both families, alternating, IPv6 first; where one family fails, those of the other. */
export async function bothFamilies(ask: (type: "A" | "AAAA") => Promise<Addresses>): Promise<Addresses> {
  const asked = [ask("AAAA"), ask("A")] as const;
  const first = await Promise.race(asked);
  const [six, four] = await Promise.all(first.status === "found" ? asked.map(withGrace) : asked);
  return combined(six!, four!);
}

function combined(six: Addresses, four: Addresses): Addresses {
  const value = alternating(addressesIn(six), addressesIn(four)).slice(0, MAX_ADDRESSES);
  if (value.length > 0) return { status: "found", value, ttl: Math.min(...value.map((answer) => answer.ttl)) };
  if (six.status === "failed") return six;
  if (four.status === "failed") return four;
  const bothDenied = [six, four].every((lookup) => lookup.status === "absent" && lookup.why === "nxdomain");
  return { status: "absent", why: bothDenied ? "nxdomain" : "nodata" };
}

const addressesIn = (lookup: Addresses) => (lookup.status === "found" ? lookup.value : []);

function alternating<T>(first: readonly T[], second: readonly T[]): T[] {
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((item) => item !== undefined);
}

async function withGrace(lookup: Promise<Addresses>): Promise<Addresses> {
  const over = new AbortController();
  const reason = "the other address family was faster";
  const late = delay(FAMILY_GRACE, { status: "failed", code: "timeout", reason } as const, { signal: over.signal });
  late.catch(() => undefined); // aborted below: nobody waits for it any more
  try {
    return await Promise.race([lookup, late]);
  } finally {
    over.abort();
  }
}
