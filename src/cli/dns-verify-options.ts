import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { didYouMean } from "../definition/did-you-mean";
import {
  CATALOGUE,
  catalogueEntry,
  FORMATS,
  type NameServer,
  parseNameServer,
  parseServerAddress,
  type ReportFormat,
  type ServerAddress,
} from "../dns";
import { addProbeOptions, type ProbeFlags } from "./dns-probe-options";
import { addReachOptions, type ReachFlags } from "./dns-reach-options";

export interface VerifyFlags extends ReachFlags, ProbeFlags {
  readonly resolver?: readonly ServerAddress[];
  readonly nameServer?: readonly NameServer[];
  readonly timeout: number;
  readonly json?: true;
  readonly format?: ReportFormat;
  readonly output?: readonly ReportFile[];
  readonly summary?: string;
  readonly failOn?: "warn" | "fail";
  readonly allowUnknown?: true;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly domain?: readonly string[];
  /** Seconds. */
  readonly wait?: number;
  /** Seconds between looks. */
  readonly watch?: number;
  readonly evidence?: true;
}

/** A report to be written beside the one on standard output. */
export interface ReportFile {
  readonly format: ReportFormat;
  readonly path: string;
}

const LONGEST_RUN = 3600;
const LONGEST_WAIT = 7 * 86_400;

/** Who is asked: the same for every command that asks. */
export function addServerOptions(command: Command): Command {
  return addNameServerOptions(
    command.option(
      "--resolver <address[:port]>",
      "ask this resolver instead of the public ones; may be repeated",
      repeated(parseServerAddress, "Give an address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353."),
    ),
  );
}

/** Where name servers alone have a say. */
export function addNameServerOptions(command: Command): Command {
  return command
    .option(
      "--name-server <[zone=]address[:port]>",
      "ask this name server itself, about one zone or all names; may be repeated",
      repeated(parseNameServer, "Give an address or ZONE=ADDRESS, such as contoso.example=192.0.2.53:5353."),
    )
    .option("--timeout <seconds>", "seconds for the whole run", seconds, 20);
}

export function addVerifyOptions(command: Command): Command {
  return addProbeOptions(addReachOptions(addServerOptions(command)))
    .option("--domain <name>", "look at this local domain alone; may be repeated", repeated(name, "Give a domain."))
    .option("--only <id,...>", "let these checks alone count; may be repeated", checkIds)
    .option("--skip <id,...>", "do not let these checks count; may be repeated", checkIds)
    .addOption(new Option("--fail-on <verdict>", "what ends with 1 (default: fail)").choices(["fail", "warn"]))
    .option("--allow-unknown", "end with 0 where nothing failed and not everything could be found out")
    .option("--wait <duration>", "wait until it is published everywhere, at most so long (90s, 10m, 2h)", duration)
    .option("--watch <interval>", "look again and again, and print what changes alone (60s, 15m)", duration)
    .addOption(new Option("--format <format>", "how the report is written (default: text)").choices(FORMATS))
    .option("--json", "print the report as JSON: the same as --format json")
    .option("--evidence", "with JSON: what every server sent, octet by octet as well")
    .option(
      "--output <format=path>",
      "write the report to a file as well; may be repeated",
      repeated(reportFile, `Give FORMAT=PATH in a folder that can be written to; formats: ${FORMATS.join(", ")}.`),
    )
    .addOption(
      new Option("--summary <file>", "with --format github: append a table to this file").env("GITHUB_STEP_SUMMARY"),
    );
}

/** Reads an option that may be given several times. */
function repeated<T>(parse: (text: string) => T | undefined, usage: string) {
  return (text: string, before: readonly T[] = []): readonly T[] => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(usage);
    return [...before, value];
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= LONGEST_RUN) return value;
  throw new InvalidArgumentError(`Give seconds, more than 0 and at most ${LONGEST_RUN}.`);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

function duration(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const value = Number(number) * (UNITS[unit] ?? 1);
  if (number !== "" && value > 0 && value <= LONGEST_WAIT) return value;
  throw new InvalidArgumentError("Give a time such as 90s, 10m or 2h, more than 0 and at most 7d.");
}

const name = (text: string) => (text === "" ? undefined : text.toLowerCase().replace(/\.$/, ""));

/** An id that no check has would let a gate look at less than its author thinks. */
function checkIds(text: string, before: readonly string[] = []): readonly string[] {
  const ids = text.split(",").map((id) => id.trim());
  for (const id of ids) if (catalogueEntry(id) === undefined) throw new InvalidArgumentError(unknownCheck(id));
  return [...before, ...ids];
}

export function unknownCheck(id: string): string {
  const near = didYouMean(
    id,
    CATALOGUE.map((entry) => entry.id),
  );
  return `There is no check ${JSON.stringify(id.slice(0, 80))}.${near === undefined ? "" : ` Did you mean ${near}?`} \`xmpp-edge dns explain --list\` lists them.`;
}

function reportFile(text: string): ReportFile | undefined {
  const [, format = "", path = ""] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  if (!(FORMATS as readonly string[]).includes(format)) return undefined;
  try {
    accessSync(dirname(path), constants.W_OK);
    return { format: format as ReportFormat, path };
  } catch {
    return undefined;
  }
}
