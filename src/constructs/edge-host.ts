import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { VolumeAttachment } from "@cdktf/provider-aws/lib/volume-attachment";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Facts } from "../definition";
import { CERTIFICATE_FOLDER, cloudInit, STATE_FOLDER } from "./cloud-init";
import { EdgeAddresses } from "./edge-addresses";
import type { IEdgeCertificate } from "./edge-certificate";
import { EdgeFirewall } from "./edge-firewall";
import { EdgeLogs } from "./edge-logs";
import { EdgeNetwork, type IEdgeNetwork } from "./edge-network";
import { EdgeRole } from "./edge-role";
import { GatewayAlarms } from "./gateway-alarms";
import type { IGatewayImage } from "./gateway-image";
import { HostAlarms } from "./host-alarms";
import { debianMachineImage } from "./machine-image";
import type { IPartnerList } from "./partner-list";
import { lifecycleOf, type RemovalPolicy } from "./removal-policy";

export interface EdgeHostProps {
  /** Name, addresses, port and firewall rules of the edge. */
  readonly facts: Pick<Facts, "name" | "accessEdge" | "firewall">;
  /** The program image; another digest replaces the instance and nothing else. */
  readonly image: IGatewayImage;
  /** Where the host takes its configuration from. */
  readonly partners: IPartnerList;
  /** What the host presents to partners. */
  readonly certificate: IEdgeCertificate;
  /**
   * The public subnet that the host stands in.
   * @default a network of its own
   */
  readonly network?: IEdgeNetwork;
  /**
   * EC2 instance type, of a Nitro generation (disks are found by their volume's id).
   * @default "t4g.small"
   */
  readonly instanceType?: string;
  /**
   * Id of the machine image, a Debian 12.
   * @default Debian's newest when the host is first made; a newer one alone does not replace the host, so that a later
   * change to another processor architecture has to name one
   */
  readonly machineImageId?: string;
  /**
   * Size of the data volume in GiB; it may grow, not shrink.
   * @default 10
   */
  readonly dataVolumeSize?: number;
  /**
   * ARN of an SNS topic that hears of failed status checks, of a gateway that answers nobody, and of a certificate that
   * ends soon.
   * @default nobody is told; the host is recovered all the same
   */
  readonly alarmTopicArn?: string;
  /**
   * Days before the certificate's end at which the alarm is raised.
   * @default 14, when renewal has been due for long
   */
  readonly certificateAlarmDays?: number;
  /**
   * Days that log lines are kept, one of the numbers that CloudWatch Logs takes.
   * @default 90
   */
  readonly logRetentionDays?: number;
  /**
   * ARN of a KMS key of yours that encrypts the log.
   * @default CloudWatch's own key
   */
  readonly logKeyArn?: string;
  /**
   * Whether addresses and data volume outlive the stack.
   * @default "retain"
   */
  readonly removal?: RemovalPolicy;
}

/**
 * One edge host: an interface that owns the addresses, an instance that can be replaced at any time, a retained volume
 * for contacts and queued messages. No login, no key pair; the role holds exactly what was granted.
 */
export class EdgeHost extends Construct {
  readonly network: IEdgeNetwork;
  readonly firewall: EdgeFirewall;
  readonly addresses: EdgeAddresses;
  readonly role: EdgeRole;
  readonly dataVolume: EbsVolume;
  readonly instance: Instance;
  readonly attachment: VolumeAttachment;
  readonly logs: EdgeLogs;
  readonly alarms: HostAlarms;
  readonly gatewayAlarms: GatewayAlarms;

  constructor(scope: Construct, id: string, props: EdgeHostProps) {
    super(scope, id);
    const { facts, image, partners, certificate } = props;
    const { name } = facts;
    const removal = props.removal ?? "retain";
    const instanceType = props.instanceType ?? "t4g.small";

    this.network = props.network ?? new EdgeNetwork(this, "network");
    this.firewall = new EdgeFirewall(this, "firewall", { vpcId: this.network.vpcId, rules: facts.firewall });
    this.addresses = new EdgeAddresses(this, "addresses", {
      name,
      declared: facts.accessEdge.addresses,
      network: this.network,
      securityGroupIds: [this.firewall.securityGroup.id],
      removal,
    });

    this.role = new EdgeRole(this, "role");
    image.grantPull(this.role);
    partners.grantRead(this.role);
    certificate.grantObtain(this.role);
    this.logs = new EdgeLogs(this, "logs", {
      name,
      retentionDays: props.logRetentionDays ?? 90,
      removal,
      ...(props.logKeyArn !== undefined && { keyArn: props.logKeyArn }),
    });
    this.logs.grantWrite(this.role);

    this.dataVolume = new EbsVolume(this, "data", {
      availabilityZone: this.network.availabilityZone,
      size: props.dataVolumeSize ?? 10,
      type: "gp3",
      encrypted: true,
      tags: { Name: name },
      lifecycle: lifecycleOf(removal),
    });
    this.instance = new Instance(this, "instance", {
      ami: props.machineImageId ?? debianMachineImage(this, "machine-image", instanceType),
      instanceType,
      iamInstanceProfile: this.role.profile.name,
      primaryNetworkInterface: { networkInterfaceId: this.addresses.interface.id },
      userData: this.userData(props),
      userDataReplaceOnChange: true,
      // Hop limit 1 reaches the container, which shares the host's network, and nothing behind it.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: { volumeType: "gp3", volumeSize: 10, encrypted: true },
      maintenanceOptions: { autoRecovery: "default" },
      // Unlimited credits would surprise on the bill; other families than T have none.
      ...(instanceType.startsWith("t") && { creditSpecification: { cpuCredits: "standard" } }),
      tags: { Name: name },
      // The first boot pulls the image, and has no way out before its address.
      dependsOn: [this.addresses.association],
      ...(props.machineImageId === undefined && { lifecycle: { ignoreChanges: ["ami"] } }),
    });
    this.attachment = new VolumeAttachment(this, "attachment", {
      deviceName: "/dev/sdf",
      volumeId: this.dataVolume.id,
      instanceId: this.instance.id,
      // The gateway ends and the file system is unmounted before the next instance gets the volume.
      stopInstanceBeforeDetaching: true,
    });
    this.alarms = new HostAlarms(this, "alarms", {
      name,
      instanceId: this.instance.id,
      ...(props.alarmTopicArn !== undefined && { topicArn: props.alarmTopicArn }),
    });
    this.gatewayAlarms = new GatewayAlarms(this, "gateway-alarms", {
      name,
      certificateDays: props.certificateAlarmDays ?? 14,
      ...(props.alarmTopicArn !== undefined && { topicArn: props.alarmTopicArn }),
    });
    this.node.defaultChild = this.instance;
  }

  private userData({ facts, image, partners, certificate }: EdgeHostProps): string {
    return cloudInit({
      image: image.reference,
      ...(image.login === "ecr" && { ecrRegistry: image.registry }),
      arguments: [
        partners.location,
        // The public IPv4 address is not the host's own, so it listens on all of its addresses.
        `--listen [::]:${facts.accessEdge.port}`,
        `--state ${STATE_FOLDER}`,
        `--certificate-store ${CERTIFICATE_FOLDER}`,
        `--log-group ${this.logs.group.name}`,
      ],
      environment: {
        AWS_REGION: partners.region,
        ...certificate.hostEnvironment,
        ...(certificate.certificateArn !== undefined && { XMPP_EDGE_CERTIFICATE_ARN: certificate.certificateArn }),
      },
      lowestPort: lowestPort(facts.firewall),
      volumeSerial: Fn.replace(this.dataVolume.id, "-", ""),
    });
  }
}

/** What the gateway listens on is what its firewall admits. */
const lowestPort = (rules: Facts["firewall"]): number =>
  Math.min(
    ...rules
      .filter(({ direction, protocol }) => direction === "in" && protocol === "tcp")
      .map(({ ports: [from] }) => from),
  );
