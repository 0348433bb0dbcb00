import type { GatewayStatus } from "../status";

/** The content type of the Prometheus text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const PREFIX = "xmpp_edge_";
const EXPIRY = "When the certificate that a local domain is served with expires, seconds since the epoch.";

interface Family {
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** By label text: two counters that come out the same are added up, as a series may stand there once. */
  readonly samples: Map<string, number>;
}

/**
 * Counters and status in the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats).
 * A counter `stanzas_in{type="message"}` becomes `xmpp_edge_stanzas_in_total{type="message"}`.
 * @param memory resident memory of the process, bytes
 */
export function metricsText(counters: Readonly<Record<string, number>>, status: GatewayStatus, memory: number): string {
  const families = new Map<string, Family>();
  const add = (name: string, type: Family["type"], help: string, labels: Labels, value: number) => {
    const family = families.get(name) ?? { type, help, samples: new Map() };
    families.set(name, family);
    const text = labelText(labels);
    family.samples.set(text, (family.samples.get(text) ?? 0) + value);
  };
  add(`${PREFIX}ready`, "gauge", "Whether the gateway serves.", [], status.ready ? 1 : 0);
  add(`${PREFIX}queued_messages`, "gauge", "Messages on their way out.", [], status.queued);
  add("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", [], memory);
  addConfiguration(status.configuration, (name, help, value) => add(`${PREFIX}${name}`, "gauge", help, [], value));
  for (const { domain, notAfter } of status.certificates ?? [])
    add(
      `${PREFIX}certificate_expiry_timestamp_seconds`,
      "gauge",
      EXPIRY,
      [["domain", domain]],
      Date.parse(notAfter) / 1000,
    );
  for (const { direction, state, method } of status.streams) {
    const labels: Labels = [
      ["direction", direction],
      ["state", state],
      ["method", method ?? "none"],
    ];
    add(`${PREFIX}streams`, "gauge", "Open streams.", labels, 1);
  }
  for (const [key, value] of Object.entries(counters)) {
    const { name, labels } = readKey(key);
    add(name, "counter", "Counted since the start.", labels, value);
  }
  return [...families].map(([name, family]) => familyText(name, family)).join("");
}

function addConfiguration(
  configuration: GatewayStatus["configuration"],
  add: (name: string, help: string, value: number) => void,
): void {
  if (configuration === undefined) return;
  const { revision, appliedAt, waitingForRestart, refused } = configuration;
  if (revision !== undefined) add("document_revision", "Revision of the document that runs.", revision);
  add("document_applied_timestamp_seconds", "When the document that runs was taken up.", Date.parse(appliedAt) / 1000);
  add("document_refused", "Whether the last document offered was refused.", refused === undefined ? 0 : 1);
  add("restart_needed", "Parts of the document that wait for a new start.", waitingForRestart.length);
}

type Labels = readonly (readonly [name: string, value: string])[];

function familyText(name: string, { type, help, samples }: Family): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
  return `${lines.join("\n")}\n`;
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

function counterName(text: string): string {
  const plain = text.replace(/[^a-zA-Z0-9_]/g, "_");
  const name = plain.startsWith(PREFIX) ? plain : `${PREFIX}${plain}`;
  return name.endsWith("_total") ? name : `${name}_total`;
}
