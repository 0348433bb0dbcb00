import { type DnsRecord, sipOwners } from "../definition/facts";
import { canonicalAddress } from "./canonical-address";
import { declaredSets, hostRecord } from "./diff/record-diff";
import { type DnsHost, DnsHostError, type HostRecord, recordLine, sameRecord } from "./host/dns-host";
import { comparable } from "./resolver/names";

/** What publishing would do at a host. */
export interface Publication {
  readonly add: readonly HostRecord[];
  /** Declared, and there already. */
  readonly keep: readonly HostRecord[];
  /** Not declared, and given up by name. */
  readonly remove: readonly HostRecord[];
  /** What forbids it: nothing at all is done then. */
  readonly refusals: readonly { readonly found: string; readonly remedy: string }[];
  /** What to know beside. */
  readonly notes: readonly string[];
}

export interface PublicationOptions {
  readonly records: readonly DnsRecord[];
  readonly domains: readonly string[];
  /** The Access Edge FQDN. */
  readonly fqdn: string;
  readonly takesOver: boolean;
  /** The old gateway of a cut-over, whose SRV records may stay. */
  readonly legacyGateway?: string | undefined;
  /** Owners whose other records of a declared type may go. */
  readonly replace: readonly string[];
}

/**
 * Reads what is at the host and says what publishing would do there. Records that the definition does not declare are
 * somebody else's: beside one of them nothing is published unless its owner is named.
 */
export async function publication(host: DnsHost, options: PublicationOptions): Promise<Publication> {
  const { records, domains, fqdn, takesOver, legacyGateway, replace } = options;
  const declared = records.map(hostRecord);
  const sets = await Promise.all(
    declaredSets(records).map(async (set) => ({ ...set, there: await host.read(set.owner, set.type) })),
  );
  const present = sets.flatMap(({ there }) => there);
  const addressed = declared.some(({ type }) => type === "A" || type === "AAAA");
  const sip = addressed && !takesOver ? await sipRecords(host, domains, fqdn) : [];
  const isLegacy = (record: HostRecord) => record.type === "SRV" && record.target.toLowerCase() === legacyGateway;
  const given = replace.map(comparable);
  const foreign = sets
    .flatMap(({ there }) => there)
    .filter((record) => !declared.some((one) => isSame(one, record)) && !isLegacy(record));
  // Others may issue certificates for the name as well: such a set is its owner's, and `caa` never adds to it.
  const closed = new Set(foreign.filter(({ type }) => type === "CAA").map(({ owner }) => comparable(owner)));
  const [replaced, others] = split(
    foreign.filter(({ type }) => type !== "CAA"),
    ({ owner }) => given.includes(comparable(owner)),
  );
  const [keep, missing] = split(declared, (record) => present.some((one) => isSame(one, record)));
  return {
    keep,
    add: missing.filter(({ type, owner }) => type !== "CAA" || !closed.has(comparable(owner))),
    remove: replaced,
    refusals: [
      ...others.map((record) => ({
        found: `${recordLine(record)} is there, and the definition does not declare it`,
        remedy: `declare it, remove it, or give it up with --replace ${record.owner}`,
      })),
      ...(present.some((record) => isForeignAddress(record, declared)) || isNew(fqdn, present)
        ? sip.map((record) => ({
            found: `${recordLine(record)} leads to ${fqdn}: a SIP edge is there`,
            remedy: "give the XMPP edge a name of its own as accessEdge.fqdn, or set accessEdge.takesOver",
          }))
        : []),
    ],
    notes: [
      ...[...closed].map((owner) => `${owner} has CAA records already: none is added to them`),
      ...sets.flatMap(({ owner, type, there }) => {
        const wanted = declared.find((record) => record.owner === owner && record.type === type);
        const [first] = there;
        return wanted === undefined || first === undefined || first.ttl === wanted.ttl
          ? []
          : [`${owner} ${type} keeps its TTL ${first.ttl}: ${wanted.ttl} is declared, and a set has one`];
      }),
    ],
  };
}

/**
 * Does it: adds before it removes, so that partners find the edge throughout, then looks whether the host has it.
 * May be repeated.
 * @throws DnsHostError
 */
export async function publishRecords(
  host: DnsHost,
  { add, remove, refusals }: Publication,
  { readable }: { readonly readable: boolean },
): Promise<void> {
  if (refusals.length > 0) throw new TypeError("a refused publication is not carried out");
  if (add.length > 0) await host.publish(add);
  if (remove.length > 0) await host.remove(remove);
  if (!readable) return;
  for (const record of add)
    if (!(await host.read(record.owner, record.type)).some((one) => isSame(one, record)))
      throw new DnsHostError(
        "dns-host-refused",
        `${host.name} took the change, and does not have ${recordLine(record)}`,
        "see whether an alias (CNAME) stands at the name: a server drops other records there (RFC 2136 section 3.4.2.2)",
      );
}

/** What will be or was done, as zone file lines. */
export function publicationText({ add, keep, remove, refusals, notes }: Publication): string {
  const lines = (mark: string, records: readonly HostRecord[]) =>
    records.map((record) => `${mark}${recordLine(record)}\n`).join("");
  return [
    lines("-", remove),
    lines("+", add),
    lines(" ", keep),
    ...notes.map((note) => `; ${note}\n`),
    ...refusals.map(({ found, remedy }) => `; REFUSED: ${found}\n;   ${remedy}\n`),
  ].join("");
}

async function sipRecords(host: DnsHost, domains: readonly string[], fqdn: string): Promise<HostRecord[]> {
  const found = await Promise.all(domains.flatMap(sipOwners).map((owner) => host.read(owner, "SRV")));
  return found.flat().filter((record) => record.type === "SRV" && comparable(record.target) === comparable(fqdn));
}

/** Without an address of ours there, whoever the SIP records lead to is not us. */
const isNew = (fqdn: string, present: readonly HostRecord[]) =>
  !present.some(({ owner, type }) => comparable(owner) === comparable(fqdn) && (type === "A" || type === "AAAA"));

const isForeignAddress = (record: HostRecord, declared: readonly HostRecord[]) =>
  (record.type === "A" || record.type === "AAAA") && !declared.some((one) => isSame(one, record));

/** Addresses have several spellings; the host keeps its own. */
function isSame(a: HostRecord, b: HostRecord): boolean {
  const canonical = (record: HostRecord): HostRecord =>
    record.type === "AAAA" ? { ...record, address: canonicalAddress(record.address) } : record;
  return sameRecord(canonical(a), canonical(b));
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
