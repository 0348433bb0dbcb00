import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Definition } from "../definition";
import { type DnsQuestions, questions } from "./edge-preflight";
import { ownProvider } from "./own-provider";
import { DataXmppedgeFederation } from "./terraform";
import { terraformJson } from "./terraform-literal";

export interface FederationCheckProps extends DnsQuestions {
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
