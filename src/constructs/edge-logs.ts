import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Construct } from "constructs";
import type { IGrantee, PolicyStatement } from "./policy-statement";
import type { RemovalPolicy } from "./removal-policy";

export interface EdgeLogsProps {
  /** Name of the edge; the group's name begins with `/xmpp-edge/<name>-`. */
  readonly name: string;
  /** Days that a line is kept, one of the numbers that CloudWatch Logs takes. */
  readonly retentionDays: number;
  /**
   * ARN of a KMS key of yours that CloudWatch Logs may use.
   * @default CloudWatch's own key: a log group is never unencrypted
   */
  readonly keyArn?: string;
  /** Whether the lines outlive the stack. */
  readonly removal: RemovalPolicy;
}

/** Where a host's gateway ships its log and, as lines of it, its metrics. Who federated with whom is in there. */
export class EdgeLogs extends Construct {
  readonly group: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, { name, retentionDays, keyArn, removal }: EdgeLogsProps) {
    super(scope, id);
    this.group = new CloudwatchLogGroup(this, "group", {
      // A prefix: a group that outlived an earlier stack is not in the way.
      namePrefix: `/xmpp-edge/${name}-`,
      retentionInDays: retentionDays,
      ...(keyArn !== undefined && { kmsKeyId: keyArn }),
      skipDestroy: removal === "retain",
    });
    this.node.defaultChild = this.group;
  }

  /** Lets a role open streams in this group and write to them; it cannot read a line. Returns what it granted. */
  grantWrite(grantee: IGrantee): readonly PolicyStatement[] {
    const statement: PolicyStatement = {
      Sid: "ShipLogs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      // The streams of this group, whose names are the host's to choose.
      Resource: `${this.group.arn}:log-stream:*`,
    };
    grantee.allow(statement);
    return [statement];
  }
}
