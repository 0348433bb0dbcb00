import { type Method, type NegotiationRow, rowOf, type StartTlsOffer, startTlsOffer } from "../negotiation";
import type { Definition } from "../schema";

/** What somebody who connects from outside should see for one of our domains. */
export interface ExpectedProbe {
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  /** Empty where they are allocated at deploy. */
  readonly addresses: readonly string[];
  /** The name the certificate has to hold. */
  readonly certificateName: string;
  /** What is offered, by matrix row, and to how many partners; the stream's `from` decides. */
  readonly offers: readonly {
    readonly row: number;
    readonly starttls: StartTlsOffer;
    readonly methods: readonly Method[];
    readonly partners: number;
  }[];
}

/** The probes that a sound edge passes, one a local domain. */
export function expectedProbes(definition: Definition): ExpectedProbe[] {
  const { accessEdge, domains, partners } = definition;
  const everywhere = partners.filter((partner) => partner.localDomains === undefined).map(rowOf);
  return domains.map(({ name }) => ({
    domain: name,
    host: accessEdge.fqdn,
    port: accessEdge.port,
    addresses: accessEdge.addresses,
    certificateName: name,
    offers: grouped([...everywhere, ...partners.filter((partner) => partner.localDomains?.includes(name)).map(rowOf)]),
  }));
}

function grouped(rows: readonly NegotiationRow[]): ExpectedProbe["offers"] {
  const counts = new Map<number, { row: NegotiationRow; partners: number }>();
  for (const row of rows) {
    const entry = counts.get(row.row) ?? { row, partners: 0 };
    entry.partners++;
    counts.set(row.row, entry);
  }
  return [...counts.values()]
    .sort((a, b) => a.row.row - b.row.row)
    .map(({ row, partners }) => ({ row: row.row, starttls: startTlsOffer(row), methods: row.methods, partners }));
}
