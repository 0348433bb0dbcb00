import type { GatewayStatus, PartnerFailure, StreamStatus } from "../../gateway/status";
import { printable } from "../output/printable";
import type { Style } from "../output/style";
import { table } from "../output/table";

const DAY_MS = 86_400_000;
/** A certificate that ends sooner is a warning. */
const SOON_DAYS = 14;
/** Rows of the table; the rest is counted. */
const MOST_ROWS = 100;
/** Blocked users who are listed. */
const MOST_BLOCKED = 10;

/** The status as an operator reads it. */
export function statusText(status: GatewayStatus, now: number, style: Style): string {
  const { name, ready, reason, degraded = [], listening, queued } = status;
  const head = ready ? style("good", "ready") : `${style("error", "not ready")}: ${line(reason ?? "no reason given")}`;
  return [
    `${style("strong", line(name))} ${head}, listening on ${listening.map(line).join(", ") || "nothing"}\n`,
    ...degraded.map((one) => `${style("warning", "degraded")}: ${line(one)}\n`),
    configurationText(status, style),
    certificatesText(status, now, style),
    partnersText(status, style),
    queued > 0 ? `${queued} stanzas on their way out\n` : "",
    blockedText(status, now),
    ...status.failures.slice(0, 10).map((failure) => failureText(failure, now, style)),
  ].join("");
}

function configurationText({ configuration }: GatewayStatus, style: Style): string {
  if (configuration === undefined) return "";
  const { revision, appliedAt, refused, waitingForRestart } = configuration;
  const parts = [
    `document ${revision === undefined ? "" : `revision ${revision}, `}in force since ${line(appliedAt)}\n`,
  ];
  if (refused !== undefined)
    parts.push(
      `${style("warning", "refused")} the document offered at ${line(refused.at)}: ${line(refused.reason)}; ${line(refused.remedy)}\n`,
    );
  if (waitingForRestart.length > 0)
    parts.push(`${style("warning", "restart needed")} for ${waitingForRestart.map(line).join(", ")}\n`);
  return parts.join("");
}

function certificatesText({ certificates = [] }: GatewayStatus, now: number, style: Style): string {
  return certificates
    .map(({ domain, notAfter }) => {
      const days = Math.floor((Date.parse(notAfter) - now) / DAY_MS);
      const left = days < 0 ? style("error", "expired") : `${days} days left`;
      return `certificate of ${line(domain)}: ${days >= 0 && days < SOON_DAYS ? style("warning", left) : left}, until ${line(notAfter)}\n`;
    })
    .join("");
}

interface PartnerRow {
  readonly in: StreamStatus[];
  readonly out: StreamStatus[];
  stanzas: number;
  oldest: number;
}

function partnersText({ streams, queues }: GatewayStatus, style: Style): string {
  const rows = new Map<string, PartnerRow>();
  const rowOf = (partner: string) => {
    const row = rows.get(partner) ?? { in: [], out: [], stanzas: 0, oldest: 0 };
    rows.set(partner, row);
    return row;
  };
  for (const stream of streams) rowOf(stream.partner ?? "(strangers)")[stream.direction].push(stream);
  for (const { partner, remote, stanzas, oldest } of queues) {
    const row = rowOf(partner ?? remote);
    row.stanzas += stanzas;
    row.oldest = Math.max(row.oldest, oldest);
  }
  if (rows.size === 0) return style("faint", "no streams\n");
  const cells = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MOST_ROWS)
    .map(([partner, row]) => [
      line(partner),
      streamsText(row.in),
      streamsText(row.out),
      row.stanzas === 0 ? "-" : `${row.stanzas}, oldest ${row.oldest} s`,
    ]);
  const rest = rows.size > MOST_ROWS ? `  and ${rows.size - MOST_ROWS} partners more (--json shows all)\n` : "";
  return table(["partner", "in", "out", "waiting"], cells) + rest;
}

/** How many streams of which kind, such as `2 sasl-over-tls, 1 connecting`. */
function streamsText(streams: readonly StreamStatus[]): string {
  const kinds = new Map<string, number>();
  for (const { state, method, bidi } of streams) {
    const kind = (state === "authenticated" ? (method ?? state) : state) + (bidi ? " both ways" : "");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => `${count} ${line(kind)}`).join(", ") || "-";
}

function blockedText({ blockedUsers = [] }: Partial<GatewayStatus>, now: number): string {
  const shown = blockedUsers.slice(0, MOST_BLOCKED).map(({ user, in: inward, out, lastAt }) => {
    const ago = agoText(now - Date.parse(lastAt));
    return `blocked ${line(user)}: ${inward} stanzas from there, ${out} of ours refused, the last ${ago}\n`;
  });
  const more = blockedUsers.length - shown.length;
  return shown.join("") + (more > 0 ? `  and ${more} blocked users more (--json shows all)\n` : "");
}

/** A failure in two lines: what, and what to do. */
export function failureText(failure: PartnerFailure, now: number, style: Style): string {
  const { remote, direction, at, code, hop, side, text, remedy } = failure;
  const whose = { ours: "our side", theirs: "their side", between: "either side, or between" }[side];
  const ago = agoText(now - Date.parse(at));
  return (
    `${style("warning", line(remote))} ${direction === "in" ? "→ us" : "← us"} ${ago}: ${line(code)} (${line(hop)}, ${whose}): ${line(text)}\n` +
    `  ${line(remedy)}\n`
  );
}

function agoText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (!Number.isFinite(seconds)) return "at an unknown time";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

const line = (text: string) => printable(String(text));
