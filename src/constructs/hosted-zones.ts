import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import type { Construct } from "constructs";

/** Ids of Route 53 zones by zone name: given ones, else looked up once each among the account's public zones. */
export class HostedZones {
  private readonly ids: Map<string, string>;

  constructor(
    private readonly scope: Construct,
    zoneIds: { readonly [zone: string]: string } = {},
  ) {
    this.ids = new Map(Object.entries(zoneIds));
  }

  id(zone: string): string {
    let zoneId = this.ids.get(zone);
    if (zoneId === undefined) {
      zoneId = new DataAwsRoute53Zone(this.scope, `zone-${zone}`, { name: zone, privateZone: false }).zoneId;
      this.ids.set(zone, zoneId);
    }
    return zoneId;
  }
}
