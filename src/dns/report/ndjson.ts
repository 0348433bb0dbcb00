import type { VerifyReport } from "./report";

/** One JSON object a line: each finding with `type` `finding`, then the rest of the report with `type` `report`. */
export function verifyNdjson({ findings, ...rest }: VerifyReport): string {
  const lines = [...findings.map((finding) => ({ type: "finding", ...finding })), { type: "report", ...rest }];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
