import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** The public subnet that an edge stands in. */
export interface IEdgeNetwork {
  readonly vpcId: string;
  readonly subnetId: string;
  /** Host and volume have to be in the same one. */
  readonly availabilityZone: string;
  /** What has to be there before an address in the subnet reaches the internet. */
  readonly internet: readonly ITerraformDependable[];
}

export interface EdgeNetworkProps {
  /**
   * IPv4 range of the network, of which the edge takes a quarter.
   * @default "10.20.0.0/24"
   */
  readonly ipv4Range?: string;
  /**
   * Where the subnet is, such as `eu-central-1a`.
   * @default AWS chooses
   */
  readonly availabilityZone?: string;
}

/**
 * A network for an edge alone: one public subnet with both address families and a way to the internet. No NAT, which
 * would give partners other addresses outward than inward.
 */
export class EdgeNetwork extends Construct implements IEdgeNetwork {
  readonly vpc: Vpc;
  readonly subnet: Subnet;
  readonly routeTable: RouteTable;
  readonly internet: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: EdgeNetworkProps = {}) {
    super(scope, id);
    this.vpc = new Vpc(this, "vpc", {
      cidrBlock: props.ipv4Range ?? "10.20.0.0/24",
      assignGeneratedIpv6CidrBlock: true,
    });
    const gateway = new InternetGateway(this, "gateway", { vpcId: this.vpc.id });
    this.subnet = new Subnet(this, "subnet", {
      vpcId: this.vpc.id,
      cidrBlock: Fn.cidrsubnet(this.vpc.cidrBlock, 2, 0),
      ipv6CidrBlock: Fn.cidrsubnet(this.vpc.ipv6CidrBlock, 8, 0),
      ...(props.availabilityZone !== undefined && { availabilityZone: props.availabilityZone }),
    });
    this.routeTable = new RouteTable(this, "routes", { vpcId: this.vpc.id });
    // Routes one by one: a table's inline routes and single ones fight each other.
    const routeTableId = this.routeTable.id;
    this.internet = [
      new Route(this, "ipv4", { routeTableId, gatewayId: gateway.id, destinationCidrBlock: "0.0.0.0/0" }),
      new Route(this, "ipv6", { routeTableId, gatewayId: gateway.id, destinationIpv6CidrBlock: "::/0" }),
      new RouteTableAssociation(this, "association", { routeTableId, subnetId: this.subnet.id }),
    ];
    this.node.defaultChild = this.vpc;
  }

  /** A public subnet that is there already, with routes to the internet for the families of the edge's addresses. */
  static fromSubnetId(scope: Construct, id: string, subnetId: string): IEdgeNetwork {
    const { vpcId, availabilityZone } = new DataAwsSubnet(scope, id, { id: subnetId });
    return { vpcId, subnetId, availabilityZone, internet: [] };
  }

  get vpcId(): string {
    return this.vpc.id;
  }

  get subnetId(): string {
    return this.subnet.id;
  }

  get availabilityZone(): string {
    return this.subnet.availabilityZone;
  }
}
