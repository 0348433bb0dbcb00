import { type Command, InvalidArgumentError } from "commander";
import type { TraceLine } from "../gateway/operation/traces";
import { type CliContext, CommandError } from "./context";
import { AdminClient, type AdminFlags, addAdminOptions } from "./operation/admin-client";
import { printable } from "./output/printable";
import { type Style, styleFor } from "./output/style";

interface TraceFlags extends AdminFlags {
  /** Seconds. */
  readonly for?: number;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  addAdminOptions(program.command("trace"), { token: true })
    .summary("watch the streams with one partner as they happen, bodies and secrets hidden")
    .description(
      "Shows what is sent and received on the streams with one partner, decoded. Bodies, notes, dialback keys, SASL data and everything else that is not known to be harmless appear as their size only. At most 100 lines a second; what is left out is counted.",
    )
    .argument("<partner>", "a partner's domain")
    .option("--for <seconds>", "end after so many seconds (default: until it is interrupted)", seconds)
    .option("--json", "print JSON lines")
    .addHelpText(
      "after",
      `
Exit codes: 0 ended after --for, 1 no such partner or the gateway ended it, 2 used wrongly, 3 no gateway answers,
130 interrupted.

Examples:
  xmpp-edge trace fabrikam.example
  xmpp-edge trace fabrikam.example --for 60 --json > trace.ndjson`,
    )
    .action((partner: string, flags: TraceFlags) => trace(partner, flags, context));
}

async function trace(partner: string, flags: TraceFlags, context: CliContext): Promise<void> {
  const client = AdminClient.operator(flags, context.signal);
  const over = new AbortController();
  const timer = flags.for === undefined ? undefined : setTimeout(() => over.abort(), flags.for * 1000);
  const style = styleFor(context.colour);
  const signal = AbortSignal.any([context.signal, over.signal]);
  const onLine = (line: TraceLine | { readonly watching: string }) => {
    if (flags.json) context.stdout(`${JSON.stringify(line)}\n`);
    else if ("watching" in line) context.stderr(`watching ${printable(line.watching)}\n`);
    else context.stdout(lineText(line, style));
  };
  try {
    const ended = await client.trace(partner, onLine, signal);
    if (ended === "gateway") throw new CommandError("the gateway ended the trace: it stops, or has stopped", 1);
  } finally {
    clearTimeout(timer);
  }
}

function lineText(line: TraceLine, style: Style): string {
  if ("leftOut" in line) return style("warning", `… ${line.leftOut} lines left out: there were too many\n`);
  const { at, direction, stream, what, text } = line;
  const head = `${at.slice(11, 23)} ${direction === "in" ? "in " : "out"} #${stream}`;
  const arrow = what === "sent" ? "→" : what === "received" ? "←" : "·";
  return `${style("faint", head)} ${arrow} ${what === "note" ? style("info", printable(text)) : printable(text, 8000)}\n`;
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 86_400)) throw new InvalidArgumentError("Give seconds, at most 86400.");
  return number;
}
