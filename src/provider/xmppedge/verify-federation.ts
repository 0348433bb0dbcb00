import { extname } from "node:path";
import { type Definition, facts, formatPath, parseDefinition } from "../../definition";
import type { Verdict, VerifyFinding } from "../../dns/report/report";
import { sumText } from "../../dns/report/text";
import { type VerifyOptions, verifyDns } from "../../dns/verify";
import { LoadError, loadDefinition } from "../../load";
import type { DnsArguments } from "./dns-arguments";
import type { ReachArguments } from "./reach-arguments";

/** The verifier's verdict; or why the definition cannot be used, in words for the user. */
export type FederationVerdict =
  | { readonly verdict: Verdict; readonly summary: string; readonly findings: readonly VerifyFinding[] }
  | Refusal;

interface Refusal {
  readonly refused: string;
  readonly detail: string;
}

const READ_HERE = [".json", ".yaml", ".yml"];
/** Errors of a definition that are told. */
const SHOWN = 20;

/**
 * What the DNS says of a definition's records; whatever keeps it from being found out is a verdict too, `unknown`, so
 * that no deploy stops at it. Servers are not looked at: at the end of a deploy the new host has yet to start.
 * @param given path of a definition's file, or the definition as JSON
 */
export async function verifyFederation(
  given: string,
  dns: DnsArguments & ReachArguments,
  signal: AbortSignal,
  verify: typeof verifyDns = verifyDns,
): Promise<FederationVerdict> {
  const read = given.trimStart().startsWith("{") ? fromJson(given) : await fromFile(given);
  if ("refused" in read) return read;
  const { legacyGateway } = read.dns;
  const options: VerifyOptions = {
    facts: facts(read),
    ...(legacyGateway !== undefined && { declaredTargets: [legacyGateway] }),
    takesOver: read.accessEdge.takesOver,
    probe: false,
    signal,
    ...dns,
  };
  try {
    const report = await verify(options);
    return { verdict: report.verdict, summary: `${report.verdict}: ${sumText(report)}`, findings: report.findings };
  } catch (error) {
    return {
      verdict: "unknown",
      summary: `unknown: the look itself failed (${(error as Error).message})`,
      findings: [],
    };
  }
}

function fromJson(text: string): Definition | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { refused: "the definition is not JSON", detail: `${(error as Error).message}.` };
  }
  return valid(parseDefinition(value));
}

async function fromFile(file: string): Promise<Definition | Refusal> {
  if (!READ_HERE.includes(extname(file).toLowerCase()))
    return {
      refused: "the definition cannot be read here",
      detail:
        `Found ${JSON.stringify(file.slice(0, 256))}; expected a file named ${READ_HERE.join(", ")}, or JSON. A definition ` +
        "in TypeScript is a program, which a provider does not run: give it as JSON (JSON.stringify in a CDKTF app).",
    };
  try {
    return valid(await loadDefinition(file));
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    const place = error.line === undefined ? error.file : `${error.file}:${error.line}`;
    return {
      refused: "the definition cannot be read",
      detail: `${place}: ${error.message}.\nRemedy: ${error.remedy}.`,
    };
  }
}

function valid({
  definition,
  findings,
}: Pick<ReturnType<typeof parseDefinition>, "definition" | "findings">): Definition | Refusal {
  if (definition !== undefined) return definition;
  const errors = findings.filter(({ severity }) => severity === "error");
  const lines = errors.slice(0, SHOWN).map(({ path, rule, remedy }) => `${formatPath(path)}: ${rule}; ${remedy}`);
  return { refused: "the definition is not valid", detail: lines.join("\n") };
}
