import { isIPv6 } from "node:net";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import type { FirewallRule } from "../definition";

export interface EdgeFirewallProps {
  /** The network that the edge stands in. */
  readonly vpcId: string;
  /** What may pass, out of the facts; nothing else does. */
  readonly rules: readonly FirewallRule[];
}

/** The facts' firewall rules as a security group, each range a rule of its own so that a change is a change of one. */
export class EdgeFirewall extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly rules: readonly (VpcSecurityGroupIngressRule | VpcSecurityGroupEgressRule)[];

  constructor(scope: Construct, id: string, { vpcId, rules }: EdgeFirewallProps) {
    super(scope, id);
    this.securityGroup = new SecurityGroup(this, "group", {
      namePrefix: "xmpp-edge-",
      description: "XMPP federation edge",
      vpcId,
      lifecycle: { createBeforeDestroy: true },
    });
    this.rules = rules.flatMap((rule) => rule.peers.map((peer) => this.place(rule, peer)));
    this.node.defaultChild = this.securityGroup;
  }

  private place(rule: FirewallRule, peer: string): VpcSecurityGroupIngressRule | VpcSecurityGroupEgressRule {
    const Rule = rule.direction === "in" ? VpcSecurityGroupIngressRule : VpcSecurityGroupEgressRule;
    return new Rule(this, `${rule.id}-${rangeName(peer)}`, {
      securityGroupId: this.securityGroup.id,
      description: describable(rule.reason),
      ipProtocol: rule.protocol,
      fromPort: rule.ports[0],
      toPort: rule.ports[1],
      ...(isIPv6(peer.split("/")[0]!) ? { cidrIpv6: peer } : { cidrIpv4: peer }),
    });
  }
}

/** A stable name of a range within its rule. */
function rangeName(range: string): string {
  if (range === "0.0.0.0/0") return "ipv4";
  return range === "::/0" ? "ipv6" : range.replace(/[.:/]/g, "-");
}

/** EC2 takes 255 of these characters in a rule's description and refuses the rest, an apostrophe included. */
const describable = (text: string): string => text.replace(/[^a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]/g, "").slice(0, 255);
