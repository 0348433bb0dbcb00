import { METRICS } from "../../../src/gateway/admin/metric-catalogue";

const HEAD = `# Metrics

Made by \`npm run docs:metrics\` from \`src/gateway/admin/metric-catalogue.ts\`; a test says when it is stale.

\`GET /metrics\` on the admin port (\`run --admin\`, loopback unless told otherwise) answers in the Prometheus text format 0.0.4:

\`\`\`yaml
scrape_configs:
  - job_name: xmpp-edge
    static_configs: [{ targets: ["127.0.0.1:9269"] }]
\`\`\`

Labels hold words of ours and names of the definition. A stranger's domain never becomes a label: there are at most as many
series as partners, directions, states and methods make.

| metric | type | |
|---|---|---|
`;

const TAIL = `
A metric without a value is left out: a counter appears with its first event, a queue while something waits.

## Alerts worth having

\`\`\`yaml
- alert: XmppEdgeNotReady
  expr: xmpp_edge_ready == 0 or absent(xmpp_edge_ready)
  for: 2m
- alert: XmppEdgeCertificateEnds
  expr: (xmpp_edge_certificate_expiry_timestamp_seconds - time()) / 86400 < 14
- alert: XmppEdgePartnerWaits
  expr: xmpp_edge_queue_oldest_age_seconds > 30
- alert: XmppEdgeRefuses
  expr: sum by (reason) (rate(xmpp_edge_streams_refused_total[5m])) > 1
\`\`\`

Certificate days are \`(xmpp_edge_certificate_expiry_timestamp_seconds - time()) / 86400\`. Why a partner fails is told by
\`xmpp-edge status\`, in words: [operation.md](operation.md).
`;

/** docs/metrics.md. */
export function metricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, { type, help, labels = {} }]) => {
    const named = Object.entries(labels).map(([label, values]) => `<br>\`${label}\`: ${values}`);
    return `| \`${name}\` | ${type} | ${help}${named.join("")} |\n`;
  });
  return HEAD + rows.join("") + TAIL;
}
