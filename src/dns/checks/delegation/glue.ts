import { canonicalAddress } from "../../canonical-address";
import { comparable } from "../../resolver";
import { isBelow } from "../../survey/zone-cut";
import { listed } from "../check";
import { isCompared, recordsIn } from "./answer-sets";
import { wordOf } from "./server-word";
import type { ZoneFound } from "./zone-found";
import type { ZoneView } from "./zone-view";

/** Addresses that the parent gives for name servers inside the zone: without them nobody finds in (RFC 9471). */
export function* glue(view: ZoneView): Iterable<ZoneFound> {
  const { zone } = view;
  for (const { host, why } of zone.withoutAddress) {
    if (why !== "no-glue") continue;
    const own = addressesInZone(view, host);
    yield {
      id: "glue-missing",
      server: host,
      found: `the parent names ${host}, which is in the zone, and gives no address for it`,
      expected: own.length === 0 ? "an address (glue)" : `the address ${listed(own)} (glue)`,
      remedy:
        own.length === 0 ? `have the registrar add the address of ${host} (a host record, glue)` : linesFor(host, own),
      view,
      about: [`${zone.name} NS`],
    };
  }
  const given = glueOf(view);
  for (const [host, addresses] of given) {
    const own = addressesInZone(view, host);
    const wrong = addresses.filter((address) => !own.includes(address) && own.some(isLike(address)));
    if (wrong.length === 0) continue;
    yield {
      id: "glue-differs",
      server: host,
      found: `the parent says that ${host} is at ${listed(wrong)}, the zone that it is at ${listed(own)}`,
      expected: "the same address in both",
      remedy: linesFor(host, own),
      view,
      about: [`${host} A, AAAA`],
    };
  }
}

/** For the parent zone: registrars call it a host record. */
const linesFor = (host: string, addresses: readonly string[]) =>
  addresses
    .slice(0, 8)
    .map((address) => `${host}. 3600 IN ${address.includes(":") ? "AAAA" : "A"} ${address}`)
    .join("\n");

const isLike = (address: string) => (other: string) => other.includes(":") === address.includes(":");

/** Only of hosts in the zone: what a parent says of others is hearsay. */
function glueOf({ zone }: ZoneView): Map<string, string[]> {
  const given = new Map<string, Set<string>>();
  for (const { cut } of zone.parentSays)
    for (const { host, address } of cut.kind === "referral" ? cut.glue : [])
      if (isBelow(host, zone.name)) given.set(host, (given.get(host) ?? new Set()).add(canonicalAddress(address)));
  return new Map([...given].map(([host, addresses]) => [host, [...addresses].sort()]));
}

/** What the zone's own servers say of a host in it. */
function addressesInZone({ servers, zone }: ZoneView, host: string): string[] {
  const own = servers.flatMap(({ heard }) =>
    heard.flatMap((one) => {
      const { question, said } = one;
      if (question.type !== "A" && question.type !== "AAAA") return [];
      if (comparable(question.name) !== host || said.status !== "answered" || !isCompared(question)) return [];
      return wordOf(one, zone.name).kind === "good" ? recordsIn(said, question) : [];
    }),
  );
  return [...new Set(own)].filter((text) => !text.startsWith("an alias")).sort();
}
