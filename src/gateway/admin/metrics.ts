import type { GatewayStatus } from "../status";
import { METRICS, type Metric } from "./metric-catalogue";

/** The content type of the Prometheus text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const PREFIX = "xmpp_edge_";
/** Of a counter that the catalogue does not have. */
const UNDESCRIBED: Metric = { type: "counter", help: "Counted since the start." };

/** What the process tells of itself. */
export interface ProcessFigures {
  /** Bytes. */
  readonly residentMemory: number;
  /** Bytes. */
  readonly heapUsed: number;
  /** Seconds, user and system. */
  readonly cpu: number;
  /** Seconds since the epoch. */
  readonly started: number;
  /** Seconds. */
  readonly eventLoopLag: number;
  readonly storeWritable: boolean;
}

export interface MetricsSource {
  readonly counters: Readonly<Record<string, number>>;
  readonly status: GatewayStatus;
  readonly process: ProcessFigures;
}

/**
 * Counters and status in the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats).
 * A counter `stanzas_in{type="message"}` becomes `xmpp_edge_stanzas_in_total{type="message"}`.
 */
export function metricsText({ counters, status, process }: MetricsSource): string {
  const families = new Families();
  for (const name of Object.keys(METRICS)) families.announce(name);
  families.add(`${PREFIX}ready`, [], status.ready ? 1 : 0);
  families.add(`${PREFIX}store_writable`, [], process.storeWritable ? 1 : 0);
  families.add(`${PREFIX}event_loop_lag_seconds`, [], process.eventLoopLag);
  families.add(`${PREFIX}queued_messages`, [], status.queued);
  addStreams(families, status);
  addQueues(families, status);
  for (const { partner, direction, at } of status.failures)
    families.set(
      `${PREFIX}partner_failure_timestamp_seconds`,
      [
        ["partner", partner],
        ["direction", direction],
      ],
      Date.parse(at) / 1000,
    );
  for (const { domain, notAfter } of status.certificates ?? [])
    families.set(`${PREFIX}certificate_expiry_timestamp_seconds`, [["domain", domain]], Date.parse(notAfter) / 1000);
  addConfiguration(families, status.configuration);
  for (const [key, value] of Object.entries(counters)) {
    const { name, labels } = readKey(key);
    families.add(name, labels, value);
  }
  families.add("process_cpu_seconds_total", [], process.cpu);
  families.add("process_resident_memory_bytes", [], process.residentMemory);
  families.add("process_start_time_seconds", [], process.started);
  families.add("nodejs_heap_size_used_bytes", [], process.heapUsed);
  return families.text();
}

function addStreams(families: Families, { streams }: GatewayStatus): void {
  for (const { partner, direction, state, method, bidi } of streams) {
    families.add(
      `${PREFIX}streams`,
      [
        ["partner", partner ?? ""],
        ["direction", direction],
        ["state", state],
        ["method", method ?? "none"],
      ],
      1,
    );
    if (bidi)
      families.add(
        `${PREFIX}streams_both_ways`,
        [
          ["partner", partner ?? ""],
          ["direction", direction],
        ],
        1,
      );
  }
}

function addQueues(families: Families, { queues }: GatewayStatus): void {
  const oldest = new Map<string, number>();
  for (const { partner = "", stanzas, bytes, oldest: age } of queues) {
    families.add(`${PREFIX}queue_stanzas`, [["partner", partner]], stanzas);
    families.add(`${PREFIX}queue_bytes`, [["partner", partner]], bytes);
    oldest.set(partner, Math.max(age, oldest.get(partner) ?? 0));
  }
  for (const [partner, age] of oldest) families.add(`${PREFIX}queue_oldest_age_seconds`, [["partner", partner]], age);
}

function addConfiguration(families: Families, configuration: GatewayStatus["configuration"]): void {
  if (configuration === undefined) return;
  const { revision, appliedAt, waitingForRestart, refused } = configuration;
  if (revision !== undefined) families.add(`${PREFIX}document_revision`, [], revision);
  families.add(`${PREFIX}document_applied_timestamp_seconds`, [], Date.parse(appliedAt) / 1000);
  families.add(`${PREFIX}document_refused`, [], refused === undefined ? 0 : 1);
  families.add(`${PREFIX}restart_needed`, [], waitingForRestart.length);
}

type Labels = readonly (readonly [name: string, value: string])[];

/** Samples by family: a series may stand once, its family's lines together. */
class Families {
  readonly #families = new Map<string, { readonly metric: Metric; readonly samples: Map<string, number> }>();

  /** Gives a family its place in the order; one without samples is not served. */
  announce(name: string): void {
    if (this.#families.has(name)) return;
    const metric = Object.hasOwn(METRICS, name) ? METRICS[name]! : UNDESCRIBED;
    this.#families.set(name, { metric, samples: new Map() });
  }

  /** Two that come out the same are added up. */
  add(name: string, labels: Labels, value: number): void {
    const text = labelText(labels);
    this.#put(name, text, value + (this.#families.get(name)?.samples.get(text) ?? 0));
  }

  set(name: string, labels: Labels, value: number): void {
    this.#put(name, labelText(labels), value);
  }

  text(): string {
    return [...this.#families]
      .filter(([, { samples }]) => samples.size > 0)
      .map(([name, { metric, samples }]) => {
        const lines = [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`];
        for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
        return `${lines.join("\n")}\n`;
      })
      .join("");
  }

  #put(name: string, labels: string, value: number): void {
    this.announce(name);
    this.#families.get(name)?.samples.set(labels, value);
  }
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return "";
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

/** A counter's key, `name` or `name{label="value",…}`; what does not read so becomes one label, escaped. */
function readKey(key: string): { name: string; labels: Labels } {
  const brace = key.indexOf("{");
  if (brace < 0) return { name: counterName(key), labels: [] };
  const name = counterName(key.slice(0, brace));
  const labels = key.endsWith("}") ? readLabels(key.slice(brace + 1, -1)) : undefined;
  return { name, labels: labels ?? [["key", key.slice(brace)]] };
}

function readLabels(text: string): Labels | undefined {
  const labels: [string, string][] = [];
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,|$)/sy;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return undefined;
    const [, name = "", value = ""] = match;
    if (labels.some(([known]) => known === name)) return undefined;
    labels.push([name, value.replace(/\\(.)/gs, (_, character) => (character === "n" ? "\n" : character))]);
  }
  return labels;
}

/** The name under which a counter is served. */
export function counterName(text: string): string {
  const plain = text.replace(/[^a-zA-Z0-9_]/g, "_");
  const name = plain.startsWith(PREFIX) ? plain : `${PREFIX}${plain}`;
  return name.endsWith("_total") ? name : `${name}_total`;
}
