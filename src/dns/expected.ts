import { type DnsRecord, type Facts, type SrvRecord, srvOwner } from "../definition/facts";

/** The facts of a definition that are looked for. Without a part, nothing is said about what it is the measure of. */
export type VerifiedFacts = { readonly dns: Pick<Facts["dns"], "records"> & Partial<Facts["dns"]> } & Partial<
  Pick<Facts, "accessEdge" | "certificate" | "probes" | "gateway">
>;

/** A local domain and the SRV record that it should have. */
export interface Service {
  readonly domain: string;
  readonly record: SrvRecord;
}

/** What is meant. */
export interface Expected {
  readonly services: readonly Service[];
  /** The targets of the services: the Access Edge FQDN. */
  readonly hosts: readonly string[];
  readonly records: readonly DnsRecord[];
  /** SRV targets beside the Access Edge that may be there: the legacy gateway during a cut-over. */
  readonly declaredTargets: readonly string[];
  /** Whether a SIP edge at the Access Edge FQDN may go off the air. */
  readonly takesOver: boolean;
  /** Addresses that are not public are declared on purpose: a local run, a closed network. */
  readonly allowPrivate: boolean;
  readonly facts: VerifiedFacts;
}

export interface Allowances {
  readonly declaredTargets?: readonly string[];
  readonly takesOver?: boolean;
  readonly allowPrivate?: boolean;
}

export function expectedOf(facts: VerifiedFacts, allowances: Allowances = {}): Expected {
  const services = servicesOf(facts.dns.records);
  const { legacyGateway } = facts.dns;
  return {
    services,
    hosts: [...new Set(services.map(({ record }) => record.target))],
    records: facts.dns.records,
    declaredTargets: allowances.declaredTargets ?? (legacyGateway === undefined ? [] : [legacyGateway]),
    takesOver: allowances.takesOver ?? facts.accessEdge?.takesOver ?? false,
    allowPrivate: allowances.allowPrivate ?? false,
    facts,
  };
}

function servicesOf(records: readonly DnsRecord[]): Service[] {
  const prefix = srvOwner("");
  return records.flatMap((record) =>
    record.type === "SRV" && record.owner.startsWith(prefix)
      ? [{ domain: record.owner.slice(prefix.length), record }]
      : [],
  );
}
