import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { EdgeCertificate } from "./edge-certificate";
import type { StateBackend } from "./state-backend";
import { terraformLiteral } from "./terraform-literal";
import { XmppEdge, type XmppEdgeProps } from "./xmpp-edge";

export interface EdgeStackProps extends XmppEdgeProps {
  /**
   * AWS region of the edge.
   * @default "eu-central-1"
   */
  readonly region?: string;
  /**
   * Where Terraform keeps the state.
   * @default a file on the machine that deploys
   */
  readonly backend?: StateBackend;
}

/** One edge as a stack of its own: provider, tags, the edge, and as outputs what people need of it. */
export class EdgeStack extends TerraformStack {
  readonly edge: XmppEdge;

  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id);
    const { definition } = props;
    new AwsProvider(this, "aws", {
      region: props.region ?? "eu-central-1",
      defaultTags: [{ tags: { project: "xmpp-edge", edge: definition.name } }],
    });
    props.backend?.place(this);
    this.edge = new XmppEdge(this, "edge", props);
    const { host, partners, preflight, records, certificate } = this.edge;
    new TerraformOutput(this, "addresses", {
      description: "What partners put into their firewalls, for both directions",
      value: [host.addresses.ipv4, ...(host.addresses.ipv6 === undefined ? [] : [host.addresses.ipv6])],
    });
    new TerraformOutput(this, "partner_list", {
      description: "Where the gateway takes its configuration from",
      value: partners.location,
    });
    if (records.toPublish.length > 0) {
      new TerraformOutput(this, "records_to_publish", {
        description: "No record is published here: hand these lines to whoever keeps the zone",
        value: [...records.toPublish],
        // Whoever is handed the lines publishes them.
        ...(preflight !== undefined && { dependsOn: [preflight.preflight] }),
      });
    }
    new TerraformOutput(this, "log_group", {
      description: "Where the gateway's log and metrics go",
      value: host.logs.group.name,
    });
    if (certificate instanceof EdgeCertificate && certificate.requestFile !== undefined) {
      new TerraformOutput(this, "certificate_request", {
        description: "OpenSSL configuration of the certificate request",
        value: terraformLiteral(certificate.requestFile),
      });
    }
  }
}
