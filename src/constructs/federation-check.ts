import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Definition } from "../definition";
import { type DnsQuestions, questions } from "./edge-preflight";
import { ownProvider } from "./own-provider";
import { DataXmppedgeFederation } from "./terraform";
import { terraformJson } from "./terraform-literal";

/** Whom to ask after a deploy, and what is taken for granted: for closed networks. */
export interface FederationCheckQuestions extends DnsQuestions {
  /**
   * Follow no delegation, where the network lets nobody ask name servers. Less can be said then.
   * @default false
   */
  readonly viaResolversOnly?: boolean;
  /**
   * The text of a root hints file, whose servers the walk begins at.
   * @default the public root's
   */
  readonly rootHints?: string;
  /**
   * DS or DNSKEY records, as zone file lines, that are trusted instead of the root's keys.
   * @default the root's keys
   */
  readonly dnssecAnchor?: string;
  /**
   * The port at which the name servers of the delegation are asked.
   * @default 53
   */
  readonly dnsPort?: number;
  /**
   * Addresses that are not public are meant: a lab, a closed network.
   * @default false
   */
  readonly allowPrivate?: boolean;
}

export interface FederationCheckProps extends FederationCheckQuestions {
  readonly definition: Definition;
  /** What has to be published before it is looked at. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Terraform's `check` block with the verifier's verdict: every plan and apply says whether partners find the edge. It
 * warns and never stops a deploy, for DNS may be slower than Terraform.
 */
export class FederationCheck extends Construct {
  /**
   * The verdict. It stands beside the `check` and not in it: Terraform reads a check's own data source anew at every
   * apply, so that no plan of an unchanged stack would be empty. That it never fails is the provider's to hold.
   */
  readonly federation: DataXmppedgeFederation;

  constructor(scope: Construct, id: string, props: FederationCheckProps) {
    super(scope, id);
    const { definition, after = [] } = props;
    ownProvider(this);
    this.federation = new DataXmppedgeFederation(this, "federation", {
      definition: terraformJson(published(definition)),
      ...questions(props),
      ...reach(props),
      ...(after.length > 0 && { dependsOn: [...after] }),
    });
    this.node.defaultChild = this.federation;
    const said = `data.${DataXmppedgeFederation.tfResourceType}.${this.federation.friendlyUniqueId}`;
    // CDKTF has no class for check blocks.
    TerraformStack.of(this).addOverride(`check.federation_${definition.name.replaceAll("-", "_")}`, {
      assert: [
        {
          condition: `\${contains(["pass", "warn"], ${said}.verdict)}`,
          error_message: `federation of ${definition.name}: \${${said}.summary} (xmpp-edge dns verify says more)`,
        },
      ],
    });
  }
}

/** What the records follow from: without the partners, whose every change would be one of the check. */
const published = ({ partners: _, users: __, sites: ___, accessPolicies: ____, ...rest }: Definition) => rest;

/** The given ones alone. */
const reach = (props: FederationCheckQuestions): Omit<FederationCheckQuestions, keyof DnsQuestions> => ({
  ...(props.viaResolversOnly !== undefined && { viaResolversOnly: props.viaResolversOnly }),
  ...(props.rootHints !== undefined && { rootHints: props.rootHints }),
  ...(props.dnssecAnchor !== undefined && { dnssecAnchor: props.dnssecAnchor }),
  ...(props.dnsPort !== undefined && { dnsPort: props.dnsPort }),
  ...(props.allowPrivate !== undefined && { allowPrivate: props.allowPrivate }),
});
