import { randomUUID } from "node:crypto";
import { appendFileSync, lstatSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { formatReport, type VerifyReport, verifyMarkdown } from "../dns";
import { CommandError } from "./context";
import type { ReportFile } from "./dns-verify-options";

/** Writes the report to the files that were asked for; each has its old content or the whole new one at any time. */
export function writeReports(report: VerifyReport, files: readonly ReportFile[]): void {
  for (const { format, path } of files) replace(path, formatReport(report, format, { colour: false }));
}

/** Appends the table to the file that a workflow shows as the step's summary. */
export function appendSummary(report: VerifyReport, path: string): void {
  explained(path, () => appendFileSync(path, verifyMarkdown(report)));
}

function replace(path: string, text: string): void {
  explained(path, () => {
    const there = lstatSync(path, { throwIfNoEntry: false });
    const file = there === undefined ? path : realpathSync(path);
    // A terminal, a pipe or a device is written to: a file in its place would be no use to whoever reads it.
    if (there !== undefined && !lstatSync(file).isFile()) return writeFileSync(file, text);
    const beside = `${file}.${randomUUID()}`;
    try {
      writeFileSync(beside, text, { flag: "wx" });
      renameSync(beside, file);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  });
}

function explained(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandError(`${path} cannot be written (${code})`, 2, "give a path that can be written to");
  }
}
