/**
 * The process in which `run` compiles a definition: it loads zod and runs the user's code, and the gateway's does
 * not. Prints a line about it and the compiled document; findings, for people, go to standard error.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Finding, formatPath, gatewayDocument } from "../definition";
import { LoadError, loadDefinition } from "../load";
import { findingsText, locatedMessage } from "./output/findings";
import { printable } from "./output/printable";
import type { CompiledHeader, CompileFailure } from "./run-document-file";

async function compile(file: string): Promise<void> {
  const { definition, findings } = await loadDefinition(file).catch((error: unknown) => {
    if (error instanceof LoadError) fail(locatedMessage(error), error.remedy);
    throw error;
  });
  if (definition === undefined) {
    const errors = findings.filter(({ severity }) => severity === "error");
    process.stderr.write(findingsText(errors, { file, colour: false }));
    fail(failureText(file, errors), `see what xmpp-edge check ${file} says`);
    return;
  }
  const header: CompiledHeader = { certificateSource: definition.certificate.source.kind };
  process.stdout.write(`${JSON.stringify(header)}\n${JSON.stringify(gatewayDocument(definition))}`);
}

function failureText(file: string, errors: readonly Finding[]): string {
  const [first] = errors;
  const found = first === undefined ? "" : `: ${formatPath(first.path)}: ${first.rule}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return printable(`${file} is not a valid definition${found}${more}`, 480);
}

function fail(failure: string, remedy: string): void {
  const line: CompileFailure = { failure, remedy };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  process.exitCode = 1;
}

new Worker(join(__dirname, "end-with-parent.js")).unref();
compile(process.argv[2] ?? "").catch((error: unknown) => {
  if (process.exitCode === undefined) fail(`the definition could not be compiled: ${String(error).slice(0, 200)}`, "");
});
