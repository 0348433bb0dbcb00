import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../../provider/address";

/**
 * Our own Terraform provider in a stack: one is needed for the resources and data sources beside this. It takes no
 * configuration. `installProvider` lays it where Terraform finds it.
 */
export class XmppedgeProvider extends TerraformProvider {
  static readonly tfResourceType = "xmppedge";

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: XmppedgeProvider.tfResourceType,
      terraformProviderSource: PROVIDER_ADDRESS,
      terraformGeneratorMetadata: { providerName: "xmppedge", providerVersion: PROVIDER_VERSION },
    });
  }
}
