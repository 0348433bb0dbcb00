import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { Construct } from "constructs";

export interface HostAlarmsProps {
  /** Name of the edge, which the alarms' names begin with. */
  readonly name: string;
  readonly instanceId: string;
  /**
   * ARN of an SNS topic that is told as well.
   * @default nobody is told
   */
  readonly topicArn?: string;
}

/**
 * What EC2's own status checks see is mended without a person: broken hardware by moving the instance (address, disk
 * and id stay), a hung kernel by restarting it. They do not see a hung gateway.
 */
export class HostAlarms extends Construct {
  readonly system: CloudwatchMetricAlarm;
  readonly instance: CloudwatchMetricAlarm;

  constructor(scope: Construct, id: string, { name, instanceId, topicArn }: HostAlarmsProps) {
    super(scope, id);
    const partition = new DataAwsPartition(this, "partition").partition;
    const region = new DataAwsRegion(this, "region").region;
    const alarm = (check: "System" | "Instance", minutes: number, action: "recover" | "reboot") =>
      new CloudwatchMetricAlarm(this, check.toLowerCase(), {
        alarmName: `xmpp-edge-${name}-${check.toLowerCase()}`,
        alarmDescription: `EC2's ${check.toLowerCase()} check of the edge host fails: ${action}`,
        namespace: "AWS/EC2",
        metricName: `StatusCheckFailed_${check}`,
        dimensions: { InstanceId: instanceId },
        statistic: "Maximum",
        period: 60,
        evaluationPeriods: minutes,
        threshold: 1,
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        treatMissingData: "breaching",
        alarmActions: [
          `arn:${partition}:automate:${region}:ec2:${action}`,
          ...(topicArn === undefined ? [] : [topicArn]),
        ],
      });
    this.system = alarm("System", 2, "recover");
    this.instance = alarm("Instance", 3, "reboot");
  }
}
