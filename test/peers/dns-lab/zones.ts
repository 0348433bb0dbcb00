import { type DnsRecord, srvOwner, zoneLine } from "../../../src/definition";
import { reverseQuestion } from "../../../src/dns/survey/questions";
import { COMMON_DOMAIN, type Run } from "./definitions";
import { signZones, type UnsignedZone } from "./sign-zones";
import {
  COMMON_EDGE,
  HOSTER,
  OTHER_NAME_OF_FIRST,
  type PlacedSite,
  type RecordSets,
  SERVERS,
  type SitePlace,
  soa,
  type Window,
} from "./world";
import { makeZoneKey, type ZoneKey } from "./zone-key";

/** The zone files of every server of the lab, and what trust in them begins with. */
export interface LabZones {
  readonly root: ReadonlyMap<string, string>;
  readonly registry: ReadonlyMap<string, string>;
  readonly hosted: { readonly first: ReadonlyMap<string, string>; readonly second: ReadonlyMap<string, string> };
  /** A zone file line: the DS record of the root. */
  readonly anchor: string;
  /** The root's DNSKEY record, likewise. */
  readonly rootKey: string;
}

/** A zone before it is written. */
interface Draft {
  readonly name: string;
  readonly where: "root" | "registry" | "hosted";
  readonly first: RecordSets;
  readonly second: RecordSets;
  readonly key?: ZoneKey;
  readonly window: Window;
  readonly nsec3Iterations?: number;
  /** What the parent says of it: NS, DS and glue, owners relative to this zone. */
  readonly delegation: RecordSets;
}

/** As the definitions have it. */
const TTL = 3600;
const FRESH: Window = { from: -0.1, to: 30 };
const REVERSE = ["11.in-addr.arpa", "1.1.a.2.ip6.arpa"];
const REGISTRY_HOSTS = { "a.nic": SERVERS.registry.first, "b.nic": SERVERS.registry.second };

/** @param judged sites that are in no run; they have what sites of the first run have */
export async function makeZones(runs: readonly Run[], judged: readonly PlacedSite[]): Promise<LabZones> {
  const sites = [
    ...runs.flatMap(({ facts, sites: of }) => of.map((site) => ({ site, records: facts.dns.records }))),
    ...judged.map((site) => ({ site, records: commonRecords(site) })),
  ];
  const hosted = [
    ...sites.map(({ site, records }) => siteZone(site, records)),
    commonZone(runs[0]?.facts.dns.records ?? []),
    hosterZone(sites.map(({ site }) => site)),
  ];
  const registry = ["example", "plain", ...REVERSE].map((name) => registryZone(name, hosted, sites));
  const all = [rootZone(registry), ...registry, ...hosted];
  const texts = await write(all);
  const of = (where: Draft["where"], which: "first" | "second") =>
    new Map(all.flatMap((draft, at) => (draft.where === where ? [[draft.name, texts[at]![which]]] : [])));
  const rootKey = all[0]!.key!;
  return {
    root: of("root", "first"),
    registry: of("registry", "first"),
    hosted: { first: of("hosted", "first"), second: of("hosted", "second") },
    anchor: `. IN DS ${rootKey.ds()}`,
    rootKey: rootKey.publicFile.trim(),
  };
}

const commonRecords = ({ place }: PlacedSite): DnsRecord[] => [
  {
    type: "SRV",
    owner: srvOwner(place.domain),
    zone: place.domain,
    ttl: TTL,
    priority: 0,
    weight: 0,
    port: 5269,
    target: place.edge,
    reason: "",
  },
];

function siteZone({ site, place }: PlacedSite, declared: readonly DnsRecord[]): Draft {
  const { domain, first, second } = place;
  const { signed, under = "example" } = site;
  const sound: RecordSets = {
    "@ SOA": soa(),
    "@ NS": [`${first}.`, `${second}.`],
    ...declaredSets(declared, domain),
  };
  const published = merged(sound, site.records, place);
  const hosts = (sets: RecordSets): RecordSets => ({
    ...sets,
    // Of its own names the parent knows the whole.
    "@ NS": (sets["@ NS"] ?? []).map((host) => (host.endsWith(".") ? host : `${host}.${domain}.`)),
  });
  const key = signed === false ? undefined : makeZoneKey(domain);
  const delegation = {
    "@ NS": published["@ NS"] ?? [],
    ...glueOf(published),
    ...(key !== undefined && under === "example" && { "@ DS": [key.ds()] }),
  };
  return {
    name: domain,
    where: "hosted",
    first: published,
    second: merged(published, site.onSecond, place),
    ...(key !== undefined && { key }),
    window: (signed !== false && signed?.window) || FRESH,
    ...(signed !== false && signed?.nsec3Iterations !== undefined && { nsec3Iterations: signed.nsec3Iterations }),
    delegation: hosts(merged(delegation, site.atParent, place, key)),
  };
}

function plainDraft(
  name: string,
  where: Draft["where"],
  sets: RecordSets,
  delegation: RecordSets,
  signed = true,
): Draft {
  const key = signed ? makeZoneKey(name) : undefined;
  return {
    name,
    where,
    first: sets,
    second: sets,
    ...(key !== undefined && { key }),
    window: FRESH,
    delegation: { ...delegation, ...(key !== undefined && { "@ DS": [key.ds()] }) },
  };
}

const HOSTED_BY = { "@ NS": [`first.${HOSTER}.`, `second.${HOSTER}.`] };

const commonZone = (records: readonly DnsRecord[]): Draft =>
  plainDraft(
    COMMON_DOMAIN,
    "hosted",
    {
      "@ SOA": soa(),
      ...HOSTED_BY,
      ...declaredSets(records, COMMON_DOMAIN),
      [`${relative(OTHER_NAME_OF_FIRST.slice(0, -1), COMMON_DOMAIN)} CNAME`]: [`first.${HOSTER}.`],
    },
    HOSTED_BY,
  );

/** Where the hosts of all name servers are, also of those that misbehave about one zone. */
function hosterZone(sites: readonly PlacedSite[]): Draft {
  const hosts = new Map<string, string>([
    [`first.${HOSTER}`, SERVERS.hoster.first],
    [`second.${HOSTER}`, SERVERS.hoster.second],
    ...sites.flatMap(({ place }): [string, string][] => [
      [place.first, place.first4],
      [place.second, place.second4],
    ]),
  ]);
  const addresses = Object.fromEntries([...hosts].map(([host, to]) => [`${relative(host, HOSTER)} A`, [to]]));
  const glue = { "first A": [SERVERS.hoster.first], "second A": [SERVERS.hoster.second] };
  return plainDraft(HOSTER, "hosted", { "@ SOA": soa(), ...HOSTED_BY, ...addresses }, { ...HOSTED_BY, ...glue });
}

function registryZone(name: string, hosted: readonly Draft[], sites: readonly { readonly site: PlacedSite }[]): Draft {
  const hosts = Object.keys(REGISTRY_HOSTS).map((host) => `${host}.example.`);
  const servers = { "@ NS": hosts };
  const children = hosted.filter((draft) => draft.name.slice(draft.name.indexOf(".") + 1) === name);
  const delegations = children.flatMap((child) =>
    Object.entries(child.delegation).map(([key, data]): [string, readonly string[]] => {
      const { owner, rest } = parseKey(key);
      return [`${relative(absolute(owner, child.name), name)} ${rest}`, data];
    }),
  );
  const own = name === "example" ? glueAt("") : {};
  const sets = { "@ SOA": soa(), ...servers, ...own, ...Object.fromEntries(delegations), ...pointers(name, sites) };
  return plainDraft(name, "registry", sets, { ...servers, ...own }, name !== "plain");
}

const glueAt = (suffix: string): RecordSets =>
  Object.fromEntries(Object.entries(REGISTRY_HOSTS).map(([host, to]) => [`${host}${suffix} A`, [to]]));

/** The names of the edges' addresses. */
function pointers(zone: string, sites: readonly { readonly site: PlacedSite }[]): RecordSets {
  if (!zone.endsWith(".arpa")) return {};
  const edges: readonly (readonly [string, readonly string[]])[] = [
    [COMMON_EDGE.fqdn, COMMON_EDGE.addresses],
    ...sites
      .filter(({ site }) => site.alone)
      .map(({ site: { place } }) => [place.edge, [place.edge4, place.edge6]] as const),
  ];
  return Object.fromEntries(
    edges.flatMap(([edge, addresses]) =>
      addresses
        .map((address) => reverseQuestion(address).name)
        .filter((name) => name.endsWith(`.${zone}`))
        .map((name) => [`${relative(name, zone)} PTR`, [`${edge}.`]]),
    ),
  );
}

function rootZone(registry: readonly Draft[]): Draft {
  const hosts = { "@ NS": ["a.roots.", "b.roots."] };
  const delegations = registry.flatMap((child) =>
    Object.entries(child.delegation).map(([key, data]): [string, readonly string[]] => {
      const { owner, rest } = parseKey(key);
      return [`${relative(absolute(owner, child.name), ".")} ${rest}`, data];
    }),
  );
  const sets: RecordSets = {
    "@ SOA": ["a.roots. hostmaster.roots. 1 3600 900 1209600 300"],
    ...hosts,
    "a.roots A": [SERVERS.root.first],
    "b.roots A": [SERVERS.root.second],
    ...Object.fromEntries(delegations),
  };
  return plainDraft(".", "root", sets, {});
}

/** Records of the definition that belong into the zone, as sets. */
function declaredSets(records: readonly DnsRecord[], zone: string): RecordSets {
  const sets: Record<string, string[]> = {};
  for (const record of records) {
    const { owner, type } = record;
    if (owner !== zone && !owner.endsWith(`.${zone}`)) continue;
    const data = zoneLine(record).split(/\s+/).slice(4).join(" ");
    const key = `${relative(owner, zone)} ${type}`;
    sets[key] = [...(sets[key] ?? []), data];
  }
  return sets;
}

function glueOf(sets: RecordSets): RecordSets {
  const hosts = (sets["@ NS"] ?? []).filter((host) => !host.endsWith("."));
  const keys = hosts.flatMap((host) => [`${host} A`, `${host} AAAA`]);
  return Object.fromEntries(keys.flatMap((key) => (sets[key] === undefined ? [] : [[key, sets[key]]])));
}

/** Sets by owner and type, whatever their TTLs; those of the change in place of the sound ones. */
function merged(sound: RecordSets, change: RecordSets = {}, place: SitePlace, key?: ZoneKey): RecordSets {
  const ownerAndType = (text: string) => text.split(" ").slice(0, 2).join(" ");
  const changed = new Set(Object.keys(change).map(ownerAndType));
  const kept = Object.entries(sound).filter(([text]) => !changed.has(ownerAndType(text)));
  const names: Readonly<Record<string, string>> = {
    "@edge4": place.edge4,
    "@edge6": place.edge6,
    "@first4": place.first4,
    "@second4": place.second4,
    "@edge": `${place.edge}.`,
    "@domain": `${place.domain}.`,
    "@first": `${place.first}.`,
    "@second": `${place.second}.`,
    "@ds1": key?.ds(1) ?? "",
    "@ds": key?.ds() ?? "",
  };
  const filled = (text: string) =>
    Object.entries(names).reduce((data, [name, value]) => data.replaceAll(name, value), text);
  const sets = Object.entries(change).map(([text, data]) => [text, data.map(filled)] as const);
  return Object.fromEntries([...kept, ...sets].filter(([, data]) => data.length > 0));
}

function parseKey(key: string): { owner: string; rest: string } {
  const [owner = "@", ...rest] = key.split(" ");
  return { owner, rest: rest.join(" ") };
}

const absolute = (owner: string, zone: string) =>
  owner.endsWith(".") ? owner.slice(0, -1) : owner === "@" ? zone : `${owner}.${zone}`;

function relative(name: string, zone: string): string {
  if (name === zone) return "@";
  if (zone === ".") return name;
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : `${name}.`;
}

function textOf(zone: string, sets: RecordSets, key: ZoneKey | undefined): string {
  const lines = Object.entries(sets).flatMap(([text, data]) => {
    const [owner = "@", type, ttl = `${TTL}`] = text.split(" ");
    return data.map((one) => `${owner} ${ttl} IN ${type} ${one}`);
  });
  // The SOA comes first, as RFC 1035 section 5.2 has it.
  const sorted = lines.toSorted((a, b) => Number(b.includes(" IN SOA ")) - Number(a.includes(" IN SOA ")));
  const keys = key === undefined ? [] : [`@ ${TTL} IN DNSKEY ${key.dnskey}`];
  return [`$ORIGIN ${zone === "." ? "." : `${zone}.`}`, `$TTL ${TTL}`, ...sorted, ...keys, ""].join("\n");
}

async function write(drafts: readonly Draft[]): Promise<{ first: string; second: string }[]> {
  const plain = drafts.map(({ name, first, second, key }) => {
    const text = textOf(name, first, key);
    return { first: text, second: second === first ? text : textOf(name, second, key) };
  });
  const wanted = drafts.flatMap(
    ({ name, key, window, nsec3Iterations }, at): (UnsignedZone & { at: number; which: "first" | "second" })[] => {
      if (key === undefined) return [];
      const { first, second } = plain[at]!;
      const zone = { name, key, window, at, ...(nsec3Iterations !== undefined && { nsec3Iterations }) };
      return [
        { ...zone, which: "first", text: first },
        ...(second === first ? [] : [{ ...zone, which: "second" as const, text: second }]),
      ];
    },
  );
  const signed = await signZones(wanted);
  const texts = plain.map((both) => ({ ...both }));
  for (const [index, { at, which }] of wanted.entries()) {
    const both = texts[at]!;
    if (which === "first" && both.second === both.first) both.second = signed[index]!;
    both[which] = signed[index]!;
  }
  return texts;
}
