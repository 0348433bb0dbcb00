import { Annotations } from "cdktf";
import { Construct } from "constructs";
import { type Definition, facts } from "../definition";
import { type AcmeAccount, EdgeCertificate, type IEdgeCertificate } from "./edge-certificate";
import { EdgeHost, type EdgeHostProps } from "./edge-host";
import type { IEdgeNetwork } from "./edge-network";
import { EdgePreflight, type EdgePreflightProps } from "./edge-preflight";
import { FederationCheck, type FederationCheckQuestions } from "./federation-check";
import { FederationRecords } from "./federation-records";
import { GatewayImage, type IGatewayImage } from "./gateway-image";
import { PartnerList } from "./partner-list";
import type { ImageLayout } from "./published-image";
import type { RemovalPolicy } from "./removal-policy";

/** What an edge hands through to its host. */
type HostProps = Pick<EdgeHostProps, "logRetentionDays" | "logKeyArn" | "certificateAlarmDays" | "dataVolumeSize">;

export interface XmppEdgeProps extends HostProps {
  /** The one definition that everything follows from. */
  readonly definition: Definition;
  /**
   * The program image that the host runs: one in a registry, or one that was built here (`await buildImage(…)`), which
   * is pushed to a repository of its own within the deploy.
   */
  readonly image: IGatewayImage | ImageLayout;
  /**
   * What the host presents to partners.
   * @default by the definition's source: obtained by the host where that is acme, brought along where it is imported
   * or lab, else requested from a CA by file (`certificate.requestFile`)
   */
  readonly certificate?: IEdgeCertificate;
  /**
   * What the CA is told of whoever asks it, where the definition's source is acme and `certificate` is not given.
   * @default no agreement to its terms, and so no certificate
   */
  readonly acme?: AcmeAccount;
  /**
   * The look at the DNS before addresses are published: whom to ask; `false` leaves it out, for plans without a network.
   * @default everybody's DNS
   */
  readonly preflight?: Omit<EdgePreflightProps, "definition" | "addresses"> | false;
  /**
   * Terraform's `check` with the verifier's verdict after the deploy: whom to ask; `false` leaves it out.
   * @default everybody's DNS
   */
  readonly federationCheck?: FederationCheckQuestions | false;
  /**
   * The public subnet that the host stands in.
   * @default a network of its own
   */
  readonly network?: IEdgeNetwork;
  /**
   * EC2 instance type.
   * @default "t4g.small"
   */
  readonly instanceType?: string;
  /**
   * Id of the machine image, a Debian 12.
   * @default Debian's newest when the host is first made
   */
  readonly machineImageId?: string;
  /**
   * ARNs of the roles that may change who is federated.
   * @default the role that deploys
   */
  readonly writers?: readonly string[];
  /**
   * Ids of Route 53 zones by zone name.
   * @default looked up by name
   */
  readonly zoneIds?: { readonly [zone: string]: string };
  /**
   * ARN of an SNS topic that hears of the host's and the gateway's alarms.
   * @default nobody is told
   */
  readonly alarmTopicArn?: string;
  /**
   * Whether addresses, data volume and partner list outlive the stack.
   * @default "retain"
   */
  readonly removal?: RemovalPolicy;
}

/** A whole edge out of one definition: certificate, partner list, host and records, wired to each other. */
export class XmppEdge extends Construct {
  readonly certificate: IEdgeCertificate;
  readonly partners: PartnerList;
  readonly host: EdgeHost;
  readonly preflight: EdgePreflight | undefined;
  readonly records: FederationRecords;
  readonly check: FederationCheck | undefined;

  constructor(scope: Construct, id: string, props: XmppEdgeProps) {
    super(scope, id);
    const { definition, removal = "retain", preflight = {}, federationCheck = {} } = props;
    const known = facts(definition);
    this.certificate = props.certificate ?? this.certificateOf(props);
    this.partners = new PartnerList(this, "partners", {
      document: known.gateway,
      removal,
      ...(props.writers !== undefined && { writers: props.writers }),
    });
    this.host = new EdgeHost(this, "host", {
      facts: known,
      image: this.imageOf(props),
      partners: this.partners,
      certificate: this.certificate,
      removal,
      ...(props.network !== undefined && { network: props.network }),
      ...(props.instanceType !== undefined && { instanceType: props.instanceType }),
      ...(props.machineImageId !== undefined && { machineImageId: props.machineImageId }),
      ...(props.alarmTopicArn !== undefined && { alarmTopicArn: props.alarmTopicArn }),
      ...hostProps(props),
    });
    const { addresses } = this.host;
    this.preflight =
      preflight === false ? undefined : new EdgePreflight(this, "preflight", { ...preflight, definition, addresses });
    this.records = new FederationRecords(this, "records", {
      definition,
      addresses,
      ...(this.preflight !== undefined && { after: [this.preflight.preflight] }),
      ...(props.zoneIds !== undefined && { zoneIds: props.zoneIds }),
    });
    this.check =
      federationCheck === false
        ? undefined
        : new FederationCheck(this, "check", {
            ...federationCheck,
            definition,
            after: [this.host.instance, ...this.records.recordSets],
          });
    for (const warning of warnings(props)) Annotations.of(this).addWarning(warning);
    this.node.addValidation({ validate: () => certificateProblems(props) });
  }

  private imageOf({ definition, image, removal = "retain" }: XmppEdgeProps): IGatewayImage {
    if (!("programDigest" in image)) return image;
    // One repository an edge: two edges in one account do not meet in it.
    const { layout, programDigest } = image;
    const repositoryName = `xmpp-edge/${definition.name}`;
    return GatewayImage.fromLayout(this, "image", { layout, programDigest, repositoryName, removal });
  }

  private certificateOf({ definition, zoneIds, acme }: XmppEdgeProps): EdgeCertificate {
    const { source, key } = definition.certificate;
    switch (source.kind) {
      case "acme":
        return EdgeCertificate.acme(this, "certificate", {
          definition,
          ...acme,
          ...(zoneIds !== undefined && { zoneIds }),
        });
      case "imported":
      case "lab":
        return EdgeCertificate.imported(this, "certificate");
      default:
        return EdgeCertificate.request(this, "certificate", { names: facts(definition).certificate, key });
    }
  }
}

/** The given ones alone. */
const hostProps = ({ logRetentionDays, logKeyArn, certificateAlarmDays, dataVolumeSize }: HostProps): HostProps => ({
  ...(logRetentionDays !== undefined && { logRetentionDays }),
  ...(logKeyArn !== undefined && { logKeyArn }),
  ...(certificateAlarmDays !== undefined && { certificateAlarmDays }),
  ...(dataVolumeSize !== undefined && { dataVolumeSize }),
});

/** What synthesises and would not serve. */
function warnings({ definition, image, certificate }: XmppEdgeProps): string[] {
  const found: string[] = [];
  if (image instanceof GatewayImage && image.isExample) {
    found.push("image is the example's, which no registry holds: give the digest of a program image before deploying");
  }
  const { kind } = definition.certificate.source;
  if (certificate === undefined && (kind === "imported" || kind === "lab")) {
    found.push(`certificate.source.kind is ${kind}: nothing in this stack brings the certificate to the host`);
  }
  return found;
}

/** A source that names where the certificate comes from has to be honoured. */
function certificateProblems({ definition, certificate }: XmppEdgeProps): string[] {
  const { kind } = definition.certificate.source;
  if (kind === "acm" && certificate?.certificateArn === undefined) {
    return [
      "certificate.source.kind is acm and no ACM certificate was given; pass certificate: EdgeCertificate.exportable(…) or EdgeCertificate.fromArn(…)",
    ];
  }
  if (kind !== "acm" && certificate?.certificateArn !== undefined) {
    return [
      `certificate is one in ACM and certificate.source.kind is ${kind}; write kind: "acm" in the definition, or leave the prop out`,
    ];
  }
  return [];
}
