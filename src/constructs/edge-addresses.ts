import { isIPv4, isIPv6 } from "node:net";
import { DataAwsEip } from "@cdktf/provider-aws/lib/data-aws-eip";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { EipAssociation } from "@cdktf/provider-aws/lib/eip-association";
import { NetworkInterface } from "@cdktf/provider-aws/lib/network-interface";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { IEdgeNetwork } from "./edge-network";
import { lifecycleOf, type RemovalPolicy } from "./removal-policy";

export interface EdgeAddressesProps {
  /** Name of the edge, for the tags. */
  readonly name: string;
  /**
   * The public addresses that the definition declares: one IPv4 address, which has to be an Elastic IP of this
   * account and region, and at most one IPv6 address out of the subnet's range. Empty: one of each is allocated.
   */
  readonly declared: readonly string[];
  readonly network: IEdgeNetwork;
  readonly securityGroupIds: readonly string[];
  readonly removal: RemovalPolicy;
}

/** The public addresses of an edge as they will be known after the deploy. */
export interface PublicAddresses {
  readonly ipv4: string;
  /** Absent where the definition declares an IPv4 address alone. */
  readonly ipv6: string | undefined;
}

/**
 * The network interface that owns an edge's addresses. Partners allow-list them for both directions, and an instance's
 * own IPv6 address dies with it: with the interface both outlive every instance.
 */
export class EdgeAddresses extends Construct implements PublicAddresses {
  readonly interface: NetworkInterface;
  /** The Elastic IP, where it is allocated here and not declared. */
  readonly elasticIp: Eip | undefined;
  readonly association: EipAssociation;
  readonly ipv4: string;
  readonly ipv6: string | undefined;

  constructor(scope: Construct, id: string, props: EdgeAddressesProps) {
    super(scope, id);
    const { name, declared, network, removal } = props;
    const lifecycle = lifecycleOf(removal);
    const [ipv4, ipv6] = [declared.find(isIPv4), declared.find(isIPv6)];
    const allocated = declared.length === 0;
    this.interface = new NetworkInterface(this, "interface", {
      subnetId: network.subnetId,
      securityGroups: [...props.securityGroupIds],
      ...(allocated && { ipv6AddressCount: 1 }),
      ...(ipv6 !== undefined && { ipv6Addresses: [ipv6] }),
      tags: { Name: name },
      lifecycle,
    });
    this.elasticIp =
      ipv4 === undefined ? new Eip(this, "elastic-ip", { domain: "vpc", tags: { Name: name }, lifecycle }) : undefined;
    const address = this.elasticIp ?? new DataAwsEip(this, "elastic-ip", { publicIp: ipv4! });
    this.association = new EipAssociation(this, "association", {
      allocationId: address.id,
      networkInterfaceId: this.interface.id,
      // EC2 refuses an association in a network that has no gateway yet.
      dependsOn: [...network.internet],
    });
    this.ipv4 = address.publicIp;
    this.ipv6 = allocated || ipv6 !== undefined ? Fn.one(this.interface.ipv6Addresses) : undefined;
    this.node.defaultChild = this.interface;
    this.node.addValidation({ validate: () => addressProblems(declared) });
  }
}

/** A host has one interface with one address a family; what was declared beyond that would be published and dead. */
function addressProblems(declared: readonly string[]): string[] {
  const problems: string[] = [];
  const say = (found: string, remedy: string) => problems.push(`accessEdge.addresses ${found}; ${remedy}`);
  for (const [family, of] of [
    ["IPv4", isIPv4],
    ["IPv6", isIPv6],
  ] as const) {
    const several = declared.filter((address) => of(address));
    if (several.length > 1)
      say(`has ${several.length} ${family} addresses (${several.join(", ")})`, "one host has one of each family");
  }
  if (declared.length > 0 && !declared.some((address) => isIPv4(address))) {
    say("has no IPv4 address", "add the Elastic IP, or leave the addresses out to have both families allocated");
  }
  return problems;
}
