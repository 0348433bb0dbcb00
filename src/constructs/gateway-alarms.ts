import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";

/** The metrics that a gateway writes each minute, with the edge's name as their one dimension. */
const NAMESPACE = "xmpp-edge";

export interface GatewayAlarmsProps {
  /** Name of the edge: the metrics' dimension, and what the alarms' names begin with. */
  readonly name: string;
  /** Days before the certificate's end at which somebody has to hear of it. */
  readonly certificateDays: number;
  /**
   * ARN of an SNS topic that is told.
   * @default nobody is told; the alarms' state shows it all the same
   */
  readonly topicArn?: string;
}

/** What no status check of EC2 sees: a gateway that runs and answers nobody, and a certificate that nobody renews. */
export class GatewayAlarms extends Construct {
  readonly accepting: CloudwatchMetricAlarm;
  readonly certificate: CloudwatchMetricAlarm;

  constructor(scope: Construct, id: string, { name, certificateDays, topicArn }: GatewayAlarmsProps) {
    super(scope, id);
    const topics = topicArn === undefined ? {} : { alarmActions: [topicArn], okActions: [topicArn] };
    const common = { namespace: NAMESPACE, dimensions: { edge: name }, statistic: "Minimum", ...topics };
    this.accepting = new CloudwatchMetricAlarm(this, "accepting", {
      ...common,
      alarmName: `xmpp-edge-${name}-accepting`,
      alarmDescription: "The gateway has not answered a stream on its own port for three minutes, or says nothing",
      metricName: "Accepting",
      period: 60,
      evaluationPeriods: 3,
      threshold: 1,
      comparisonOperator: "LessThanThreshold",
      // A gateway that hangs, or a host that is gone, sends nothing.
      treatMissingData: "breaching",
    });
    this.certificate = new CloudwatchMetricAlarm(this, "certificate", {
      ...common,
      alarmName: `xmpp-edge-${name}-certificate`,
      alarmDescription: `The gateway's certificate ends in less than ${certificateDays} days: renewal has failed for long`,
      metricName: "CertificateDaysLeft",
      period: 3600,
      evaluationPeriods: 1,
      threshold: certificateDays,
      comparisonOperator: "LessThanThreshold",
      // Silence is the other alarm's.
      treatMissingData: "ignore",
    });
  }
}
