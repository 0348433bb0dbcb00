import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Annotations, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type AddressRecord, type Definition, type DnsRecord, dnsRecords, zoneLine, zoneOf } from "../definition";
import type { PublicAddresses } from "./edge-addresses";
import { HostedZones } from "./hosted-zones";
import { terraformLiteral } from "./terraform-literal";

export interface FederationRecordsProps {
  readonly definition: Definition;
  /** The addresses that the Access Edge FQDN gets: the host's, or known ones. */
  readonly addresses: PublicAddresses;
  /**
   * Ids of Route 53 zones by zone name.
   * @default every zone is looked up by its name among the account's public zones
   */
  readonly zoneIds?: { readonly [zone: string]: string };
  /**
   * What has to be well before anything is published.
   * @default nothing
   */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * The facts' DNS records with the host's addresses, in Route 53. A record set that is there already is never
 * overwritten: adopt it with `importFrom`. Where the definition publishes elsewhere, nothing is made here and
 * `toPublish` has the lines to hand over.
 */
export class FederationRecords extends Construct {
  /** One resource a record set. */
  readonly recordSets: readonly Route53Record[];
  /** Lines of a zone file for whoever publishes; empty where Route 53 does. */
  readonly toPublish: readonly string[];
  private readonly zones: HostedZones;
  private readonly after: ITerraformDependable[];

  constructor(scope: Construct, id: string, { definition, addresses, zoneIds, after = [] }: FederationRecordsProps) {
    super(scope, id);
    this.zones = new HostedZones(this, zoneIds);
    this.after = [...after];
    const { kind } = definition.dns;
    const records = [
      ...dnsRecords(definition).filter((record) => !isAddress(record)),
      ...addressRecords(definition, addresses),
    ];
    this.recordSets = kind === "route53" ? recordSets(records).map((set) => this.place(set)) : [];
    this.toPublish = kind === "route53" ? [] : records.map((record) => escapedLine(record));
    if (kind !== "route53") {
      Annotations.of(this).addInfo(
        `dns.kind is ${kind}: no record is published by this stack; publish what toPublish holds`,
      );
    }
  }

  private place([first, ...more]: RecordSet): Route53Record {
    return new Route53Record(this, `${first.type.toLowerCase()}-${first.owner}`, {
      zoneId: this.zones.id(first.zone),
      name: first.owner,
      type: first.type,
      ttl: first.ttl,
      records: [first, ...more].map(escapedData),
      ...(this.after.length > 0 && { dependsOn: this.after }),
    });
  }
}

const isAddress = (record: DnsRecord): record is AddressRecord => record.type === "A" || record.type === "AAAA";

/** The facts know no address that is allocated at deploy; owner, zone and TTL are theirs all the same. */
function addressRecords(definition: Definition, { ipv4, ipv6 }: PublicAddresses): AddressRecord[] {
  const { fqdn } = definition.accessEdge;
  const record = (type: "A" | "AAAA", address: string): AddressRecord => ({
    type,
    owner: fqdn,
    zone: zoneOf(definition, fqdn),
    ttl: definition.dns.ttl,
    address,
    reason: "the Access Edge's address",
  });
  return [record("A", ipv4), ...(ipv6 === undefined ? [] : [record("AAAA", ipv6)])];
}

/** Records of one owner and type: Route 53 holds them as one. */
type RecordSet = readonly [DnsRecord, ...DnsRecord[]];

function recordSets(records: readonly DnsRecord[]): RecordSet[] {
  const sets = new Map<string, [DnsRecord, ...DnsRecord[]]>();
  for (const record of records) {
    const key = `${record.type} ${record.owner}`;
    const set = sets.get(key);
    if (set) set.push(record);
    else sets.set(key, [record]);
  }
  return [...sets.values()];
}

/** A zone line as Terraform takes it; an address may be a reference, which has to stay one. */
const escapedLine = (record: DnsRecord): string =>
  isAddress(record) ? zoneLine(record) : terraformLiteral(zoneLine(record));

/** What stands after the type in the zone line: Route 53 takes the same text. */
const escapedData = (record: DnsRecord): string => escapedLine(record).split(` IN ${record.type} `)[1]!;
