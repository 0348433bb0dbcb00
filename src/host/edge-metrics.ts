/** What is told of an edge each minute. What could not be learnt is left out. */
export interface EdgeMetrics {
  /** 1 where a stream to our own listener was answered, else 0. */
  readonly accepting: 0 | 1;
  readonly streams?: number;
  readonly queued?: number;
  /** Days to the end of the certificate that ends first; less than 0 when it has ended. */
  readonly certificateDaysLeft?: number;
}

const NAMESPACE = "xmpp-edge";
const DAY = 86_400_000;

/** The status of a gateway as its admin port gives it, as far as it is read. */
export interface SeenStatus {
  readonly streams?: readonly { readonly state: string }[];
  readonly queued?: number;
  readonly certificates?: readonly { readonly notAfter: string }[];
}

/** Metrics out of a gateway's status; `undefined` where it did not answer. */
export function metricsOf(accepting: 0 | 1, status: SeenStatus | undefined, now: number): EdgeMetrics {
  const ends = (status?.certificates ?? []).map(({ notAfter }) => Date.parse(notAfter)).filter(Number.isFinite);
  return {
    accepting,
    ...(status?.streams === undefined ? {} : { streams: authenticated(status.streams) }),
    ...(status?.queued === undefined ? {} : { queued: status.queued }),
    ...(ends.length === 0 ? {} : { certificateDaysLeft: Math.floor((Math.min(...ends) - now) / DAY) }),
  };
}

/** Streams that serve a partner: one that only asks, as we do ourselves to see whether we are answered, is none. */
const authenticated = (streams: readonly { readonly state: string }[]) =>
  streams.filter(({ state }) => state === "authenticated").length;

/** One log line that CloudWatch makes metrics of (its embedded metric format), with the one dimension `edge`. */
export function metricsLine(edge: string, metrics: EdgeMetrics, timestamp: number): string {
  const { accepting, streams, queued, certificateDaysLeft } = metrics;
  const values = Object.entries({
    Accepting: accepting,
    Streams: streams,
    Queued: queued,
    CertificateDaysLeft: certificateDaysLeft,
  }).filter(([, value]) => value !== undefined);
  const Metrics = values.map(([Name]) => ({ Name, Unit: Name === "Streams" || Name === "Queued" ? "Count" : "None" }));
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [["edge"]], Metrics }],
    },
    edge,
    ...Object.fromEntries(values),
  });
}
