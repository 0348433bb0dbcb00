import { canonicalAddress } from "../canonical-address";
import type { Expected } from "../expected";
import { published } from "../observed-in-survey";
import { publishedAddresses } from "../published-addresses";
import { comparable, type ServerAddress } from "../resolver";
import { mayDial, rangeList } from "../resolver/targets";
import type { Survey } from "../survey";
import { insteadOf } from "./connect-to";
import type { ProbingOptions } from "./probing-options";

/** An address at which partners come to the Access Edge, and the local domains that lead there. */
export interface EdgePlace {
  /** The Access Edge FQDN. */
  readonly host: string;
  readonly dial: ServerAddress;
  readonly domains: readonly string[];
}

/** A hostile zone may publish thousands of addresses. */
const MAX_ADDRESSES = 64;

/**
 * Where partners come to the Access Edge: every published address that is declared too (any, where addresses are
 * allocated at deploy), for the domains whose SRV record leads there. What is published and not declared, or leads
 * elsewhere, has its own finding. Addresses that are not public are dialled only where the run allows them.
 */
export async function edgePlaces(
  expected: Expected,
  survey: Survey,
  { connectTo = [], allowedTargets = [] }: ProbingOptions,
): Promise<EdgePlace[]> {
  const allowed = rangeList(allowedTargets);
  const places: EdgePlace[] = [];
  for (const host of expected.hosts) {
    const leading = await domainsThatLeadTo(host, expected, survey);
    for (const [port, domains] of leading) {
      const elsewhere = insteadOf(host, port, connectTo);
      const found = elsewhere === undefined ? await addressesOf(host, expected, survey) : [];
      const dialled = found
        .filter((address) => expected.allowPrivate || mayDial(address, port, allowed, []))
        .map((address) => ({ address, port }));
      for (const dial of elsewhere === undefined ? dialled : [elsewhere]) places.push({ host, dial, domains });
    }
  }
  return places.slice(0, MAX_ADDRESSES);
}

/** By the port where the edge listens. */
async function domainsThatLeadTo(
  host: string,
  { services, facts }: Expected,
  survey: Survey,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const ports = new Map((facts.probes ?? []).map(({ domain, port }) => [domain, port]));
  const leading = new Map<number, string[]>();
  for (const { domain, record } of services) {
    const port = ports.get(domain);
    if (port === undefined || record.target !== host) continue;
    const { observations } = await published(survey, { name: record.owner, type: "SRV" });
    const leads = observations.some(
      ({ answer }) =>
        answer.status === "found" &&
        answer.records.some((one) => one.type === "SRV" && one.target === comparable(host)),
    );
    if (leads) leading.set(port, [...(leading.get(port) ?? []), domain]);
  }
  return leading;
}

async function addressesOf(host: string, { records }: Expected, survey: Survey): Promise<string[]> {
  const declared = records.flatMap((record) =>
    "address" in record && record.owner === host ? [canonicalAddress(record.address)] : [],
  );
  const observed = await Promise.all((["A", "AAAA"] as const).map((type) => published(survey, { name: host, type })));
  const found = observed.flatMap(({ observations }) => observations).flatMap(publishedAddresses);
  const addresses = [...new Set(found.map(({ address }) => address))];
  return declared.length === 0 ? addresses : addresses.filter((address) => declared.includes(address));
}
