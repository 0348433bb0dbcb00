import { verifyGithub } from "./github";
import { verifyJunit } from "./junit";
import { verifyNagios } from "./nagios";
import { verifyNdjson } from "./ndjson";
import { verifyPrometheus } from "./prometheus";
import type { VerifyReport } from "./report";
import { verifySarif } from "./sarif";
import { type TextOptions, verifyText } from "./text";

/** The ways a report is written, by name. */
export const FORMATS = ["text", "json", "ndjson", "junit", "sarif", "github", "prometheus", "nagios"] as const;
export type ReportFormat = (typeof FORMATS)[number];

/** The report in a format; colours are for text alone. */
export function formatReport(report: VerifyReport, format: ReportFormat, options: TextOptions): string {
  switch (format) {
    case "text":
      return verifyText(report, options);
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "ndjson":
      return verifyNdjson(report);
    case "junit":
      return verifyJunit(report);
    case "sarif":
      return verifySarif(report);
    case "github":
      return verifyGithub(report);
    case "prometheus":
      return verifyPrometheus(report);
    case "nagios":
      return verifyNagios(report);
  }
}
