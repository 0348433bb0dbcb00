import { type TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Definition } from "../definition";
import type { DnsQuestions } from "./edge-preflight";
import { ownProvider } from "./own-provider";
import { terraformJson } from "./terraform-literal";

export interface FederationCheckProps extends DnsQuestions {
  readonly definition: Definition;
  /** What has to be published before it is looked at. */
  readonly after?: readonly TerraformResource[];
}

/**
 * Terraform's `check` block with the verifier's verdict: every plan and apply says whether partners find the edge. It
 * warns and never stops a deploy, for DNS may be slower than Terraform.
 */
export class FederationCheck extends Construct {
  constructor(scope: Construct, id: string, props: FederationCheckProps) {
    super(scope, id);
    const { definition, after = [], nameServers, resolvers, timeout } = props;
    ownProvider(this);
    const stack = TerraformStack.of(this);
    const name = `federation_${definition.name.replaceAll("-", "_")}`;
    const verdict = `data.xmppedge_federation.${name}`;
    // CDKTF has no class for check blocks.
    stack.addOverride(`check.${name}`, {
      data: {
        xmppedge_federation: {
          [name]: {
            definition: terraformJson(published(definition)),
            ...(nameServers !== undefined && { name_servers: nameServers }),
            ...(resolvers !== undefined && { resolvers }),
            ...(timeout !== undefined && { timeout }),
            ...(after.length > 0 && { depends_on: after.map(addressOf) }),
          },
        },
      },
      assert: [
        {
          condition: `\${contains(["pass", "warn"], ${verdict}.verdict)}`,
          error_message: `federation of ${definition.name}: \${${verdict}.summary} (xmpp-edge dns verify says more)`,
        },
      ],
    });
  }
}

/** What the records follow from: without the partners, whose every change would be one of the check. */
const published = ({ partners: _, users: __, sites: ___, accessPolicies: ____, ...rest }: Definition) => rest;

/** `depends_on` of an override wants addresses as they are, not as references. */
const addressOf = ({ terraformResourceType, friendlyUniqueId }: TerraformResource): string =>
  `${terraformResourceType}.${friendlyUniqueId}`;
