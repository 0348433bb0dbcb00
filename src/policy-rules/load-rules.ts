import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Waiver } from "./judge";
import type { PlanRule } from "./rule";

/** A folder of rules that cannot be used. */
export class PolicyError extends Error {
  readonly code = "policy-unreadable";
  readonly expected = "rules and waivers";

  constructor(
    readonly file: string,
    readonly found: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${file} ${found}`, options);
    this.name = "PolicyError";
  }
}

export interface Policy {
  readonly rules: readonly PlanRule[];
  readonly waivers: readonly Waiver[];
}

const RULE_FILE = /^(?!.*\.(?:test|d)\.)[\w-]+\.(?:ts|mts|cts|js|mjs|cjs)$/;
const WAIVERS = "waivers.json";
const ID = /^[a-z][a-z0-9-]{1,60}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * Reads a team's own rules: every TypeScript or JavaScript file of a folder exports one by default, or a list;
 * `waivers.json` holds what may be broken.
 *
 * @param taken ids that are taken already
 * @param run gives the default export of a file; it runs the file's code
 * @throws PolicyError
 */
export function loadPolicy(folder: string, taken: readonly string[], run: (file: string) => unknown): Policy {
  if (!existsSync(folder)) throw new PolicyError(folder, "is not there", "give a folder with rules");
  const ids = new Set(taken);
  const rules = readdirSync(folder)
    .filter((name) => RULE_FILE.test(name))
    .sort()
    .flatMap((name) => {
      const file = join(folder, name);
      return [run(file)].flat().map((rule) => checkedRule(file, rule, ids));
    });
  const waivers = join(folder, WAIVERS);
  return { rules, waivers: existsSync(waivers) ? readWaivers(waivers, [...ids]) : [] };
}

function checkedRule(file: string, value: unknown, ids: Set<string>): PlanRule {
  const rule = value as Partial<PlanRule> | null | undefined;
  const wrong = (found: string, remedy: string) => new PolicyError(file, found, remedy);
  if (typeof rule !== "object" || rule === null || typeof rule.check !== "function")
    throw wrong("exports no rule by default", "export default { id, severity, title, remedy, check(plan) { … } }");
  const { id, severity, title, remedy } = rule;
  if (typeof id !== "string" || !ID.test(id))
    throw wrong(`has a rule with the id ${JSON.stringify(id)}`, "give small letters, digits and hyphens");
  if (ids.has(id)) throw wrong(`has a second rule ${id}`, "give it a name of its own");
  if (severity !== "error" && severity !== "warning")
    throw wrong(`gives ${id} the severity ${JSON.stringify(severity)}`, 'write "error" or "warning"');
  if (typeof title !== "string" || typeof remedy !== "string" || remedy === "")
    throw wrong(`leaves ${id} without title or remedy`, "say what holds, and what to do where it does not");
  ids.add(id);
  return rule as PlanRule;
}

function readWaivers(file: string, ids: readonly string[]): Waiver[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new PolicyError(file, "is no JSON", "correct the text", { cause });
  }
  if (!Array.isArray(parsed)) throw new PolicyError(file, "is no list", "write [{ rule, address, reason, until }]");
  return parsed.map((waiver, at) => {
    const wrong = (found: string, remedy: string) => new PolicyError(file, `[${at}] ${found}`, remedy);
    const { rule, address, reason, until } = (waiver ?? {}) as Partial<Waiver>;
    if (typeof rule !== "string" || !ids.includes(rule))
      throw wrong(`names no rule: ${JSON.stringify(rule)}`, `give one of ${ids.join(", ")}`);
    if (typeof address !== "string" || address === "") throw wrong("names no address", "give a resource's address");
    if (typeof reason !== "string" || reason.trim().length < 10)
      throw wrong("gives no reason", "say why, for whoever reads it next year");
    if (typeof until !== "string" || !DAY.test(until) || Number.isNaN(Date.parse(until)))
      throw wrong(`has no end: ${JSON.stringify(until)}`, "give the last day, YYYY-MM-DD");
    return { rule, address, reason, until };
  });
}
