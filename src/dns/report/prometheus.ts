import { CATALOGUE } from "../explain/catalogue";
import { outcomes } from "./outcomes";
import type { Measures, Verdict, VerifyReport } from "./report";

const VALUES: Readonly<Record<Verdict, number>> = { pass: 0, warn: 1, fail: 2, unknown: 3 };

/** Prometheus' text format, for the textfile collector. A check of which nothing is known has no sample. */
export function verifyPrometheus(report: VerifyReport): string {
  const samples = [...outcomes(report, CATALOGUE)].flatMap(([domain, checks]) =>
    checks.flatMap(({ check, result }) =>
      result === "skipped"
        ? []
        : [`xmpp_edge_dns_check{domain="${label(domain ?? "")}",check="${label(check)}"} ${VALUES[result]}`],
    ),
  );
  const domains = report.domains.map(
    ({ domain, verdict }) => `xmpp_edge_dns_domain_verdict{domain="${label(domain)}"} ${VALUES[verdict]}`,
  );
  const finished = report.finished === undefined ? [] : [`${Date.parse(report.finished) / 1000}`];
  const scale = "0 pass, 1 warn, 2 fail, 3 unknown";
  return [
    ...metric("xmpp_edge_dns_verdict", `Verdict of the whole run: ${scale}.`, [
      `xmpp_edge_dns_verdict ${VALUES[report.verdict]}`,
    ]),
    ...metric("xmpp_edge_dns_domain_verdict", `Verdict for a local domain: ${scale}.`, domains),
    ...metric("xmpp_edge_dns_check", `Result of a check: ${scale}.`, samples),
    ...metric("xmpp_edge_dns_findings_waived", "Findings that the definition waives.", [
      `xmpp_edge_dns_findings_waived ${report.counts.waived ?? 0}`,
    ]),
    ...metric(
      "xmpp_edge_dns_last_run_timestamp_seconds",
      "When the run ended, in seconds since 1970.",
      finished.map((time) => `xmpp_edge_dns_last_run_timestamp_seconds ${time}`),
    ),
    ...(report.measures === undefined ? [] : measured(report.measures)),
  ].join("");
}

function measured({ queries, signatures, certificates }: Measures): string[] {
  const query = "xmpp_edge_dns_query_seconds";
  const [rrsig, cert] = ["xmpp_edge_dns_rrsig_expiry_timestamp_seconds", "xmpp_edge_dns_cert_expiry_timestamp_seconds"];
  const histogram = [
    ...[...queries.buckets, { le: "+Inf", count: queries.count }].map(
      ({ le, count }) => `${query}_bucket{le="${le}"} ${count}`,
    ),
    `${query}_sum ${queries.sum}`,
    `${query}_count ${queries.count}`,
  ];
  return [
    ...metric(
      rrsig,
      "When the first signature of a signed zone ends, in seconds since 1970.",
      signatures.map(({ zone, expires }) => `${rrsig}{zone="${label(zone)}"} ${expires}`),
    ),
    ...metric(
      cert,
      "When the certificate that an address showed for a domain ends, in seconds since 1970.",
      certificates.map(
        ({ domain, address, port, expires }) =>
          `${cert}{domain="${label(domain)}",address="${label(address)}",port="${port}"} ${expires}`,
      ),
    ),
    ...metric(query, "How long servers took to answer.", histogram, "histogram"),
  ];
}

const metric = (name: string, help: string, samples: readonly string[], type: "gauge" | "histogram" = "gauge") =>
  samples.length === 0 ? [] : [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join("\n")}\n`];

const label = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
