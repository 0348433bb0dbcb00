/** One metric as an operator reads of it. */
export interface Metric {
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Label names, with what they may hold. */
  readonly labels?: Readonly<Record<string, string>>;
}

const METHOD = "`sasl-over-tls`, `tls-dialback`, `tcp-dialback`";
const DIRECTION = "`in`, `out`: who opened the stream, or which way it went";
const PARTNER = "primary domain of a partner of the definition; empty for everybody else";

/**
 * Every metric by its name, in the order in which they are served; `docs/metrics.md` is made from it. Labels hold words
 * of ours and names of the definition: what a stranger sends never becomes one.
 */
export const METRICS: Readonly<Record<string, Metric>> = {
  xmpp_edge_ready: { type: "gauge", help: "Whether the gateway serves partners, as /ready tells it." },
  xmpp_edge_store_writable: { type: "gauge", help: "Whether the last trial write to the state was committed." },
  xmpp_edge_event_loop_lag_seconds: {
    type: "gauge",
    help: "By how much the event loop was late at worst in the last 30 seconds.",
  },
  xmpp_edge_streams: {
    type: "gauge",
    help: "Open streams.",
    labels: {
      partner: PARTNER,
      direction: DIRECTION,
      state: "`authenticated`, or where its negotiation is",
      method: `${METHOD}, \`none\` before authentication`,
    },
  },
  xmpp_edge_streams_both_ways: {
    type: "gauge",
    help: "Authenticated streams over which stanzas travel both ways (XEP-0288).",
    labels: { partner: PARTNER, direction: DIRECTION },
  },
  xmpp_edge_queued_messages: { type: "gauge", help: "Stanzas on their way out, of all partners." },
  xmpp_edge_queue_stanzas: {
    type: "gauge",
    help: "Stanzas that wait for a stream to a partner.",
    labels: { partner: PARTNER },
  },
  xmpp_edge_queue_bytes: { type: "gauge", help: "Their bytes.", labels: { partner: PARTNER } },
  xmpp_edge_queue_oldest_age_seconds: {
    type: "gauge",
    help: "How long the oldest of them has waited.",
    labels: { partner: PARTNER },
  },
  xmpp_edge_partner_failure_timestamp_seconds: {
    type: "gauge",
    help: "When a stream with a partner failed last, seconds since the epoch.",
    labels: { partner: PARTNER, direction: DIRECTION },
  },
  xmpp_edge_certificate_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the certificate that a local domain is served with expires, seconds since the epoch.",
    labels: { domain: "a local domain" },
  },
  xmpp_edge_document_revision: { type: "gauge", help: "Revision of the document that runs." },
  xmpp_edge_document_applied_timestamp_seconds: {
    type: "gauge",
    help: "When the document that runs was taken up, seconds since the epoch.",
  },
  xmpp_edge_document_refused: { type: "gauge", help: "Whether the last document offered was refused." },
  xmpp_edge_restart_needed: { type: "gauge", help: "Parts of the document that wait for a new start." },
  xmpp_edge_stanzas_total: {
    type: "counter",
    help: "Stanzas that came from partners or were written to them.",
    labels: { direction: DIRECTION },
  },
  xmpp_edge_stanzas_uncertain_total: {
    type: "counter",
    help: 'Stanzas that were written to a stream which broke before anything proved their arrival: returned as "may have arrived".',
  },
  xmpp_edge_stanzas_delivered_total: {
    type: "counter",
    help: "Stanzas of which an answer or acknowledgement proved that the partner's server read them.",
  },
  xmpp_edge_messages_total: {
    type: "counter",
    help: "Messages by what became of them.",
    labels: { direction: DIRECTION, result: "`accepted`, `delivered`, `refused`" },
  },
  xmpp_edge_subscriptions_total: {
    type: "counter",
    help: "Requests of partners' users for presence.",
    labels: { direction: "`in`", result: "`accepted`, `refused`, `limited`: the partner asks for too many new ones" },
  },
  xmpp_edge_streams_limited_total: {
    type: "counter",
    help: "TLS handshakes refused because their partner opens streams faster than it may.",
  },
  xmpp_edge_probes_limited_total: {
    type: "counter",
    help: "Presence probes of partners that were dropped without an answer.",
    labels: { rate: "`partner`: over the partner's rate; `user`: over its rate for one local user" },
  },
  xmpp_edge_blocked_stanzas_total: {
    type: "counter",
    help: "Stanzas of partners' users who are blocked, and of ours to them.",
    labels: { partner: PARTNER, direction: DIRECTION },
  },
  xmpp_edge_streams_authenticated_total: {
    type: "counter",
    help: "Streams that authenticated.",
    labels: { direction: DIRECTION, method: METHOD },
  },
  xmpp_edge_streams_resumed_total: {
    type: "counter",
    help: "Streams that went on with the session of one whose connection was lost (XEP-0198).",
    labels: { direction: DIRECTION },
  },
  xmpp_edge_streams_refused_total: {
    type: "counter",
    help: "Refusals on streams to us. A certificate refused may be followed by dialback where the row allows it.",
    labels: { reason: "the event of the log line, such as `stream-refused` or `certificate-refused`" },
  },
  xmpp_edge_streams_shed_total: {
    type: "counter",
    help: "Streams that had not authenticated and were closed to make room.",
  },
  xmpp_edge_stream_failures_total: {
    type: "counter",
    help: "Streams of ours that did not come up, or broke.",
    labels: { code: "such as `dns-absent`, `connect-failed`, `certificate-refused`" },
  },
  xmpp_edge_connections_refused_total: {
    type: "counter",
    help: "Connections refused before any work was done for them.",
    labels: { reason: "the bound that was reached" },
  },
  xmpp_edge_reads_delayed_total: {
    type: "counter",
    help: "Times that a peer was read more slowly than it sent.",
    labels: { reason: "`rate`: over its rate; `congestion`: too much waits for it" },
  },
  xmpp_edge_dialback_verify_answers_total: {
    type: "counter",
    help: "Answers to partners that asked about a key of ours.",
    labels: { result: "`valid`, `invalid`, `error`" },
  },
  xmpp_edge_documents_total: {
    type: "counter",
    help: "Documents offered while it runs.",
    labels: { result: "`applied`, `refused`" },
  },
  process_cpu_seconds_total: { type: "counter", help: "Total user and system CPU time spent in seconds." },
  process_resident_memory_bytes: { type: "gauge", help: "Resident memory size in bytes." },
  process_start_time_seconds: { type: "gauge", help: "Start time of the process since unix epoch in seconds." },
  nodejs_heap_size_used_bytes: { type: "gauge", help: "Memory that JavaScript objects take up, in bytes." },
};
