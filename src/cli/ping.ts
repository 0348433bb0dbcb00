import { type Command, InvalidArgumentError } from "commander";
import type { PingReport } from "../gateway/operation/control";
import { type CliContext, CommandError, UsageError } from "./context";
import { AdminClient, type AdminFlags, addAdminOptions } from "./operation/admin-client";
import { type PingVerdict, pingVerdict } from "./operation/ping-verdict";
import { jsonText } from "./output/json";
import { printable } from "./output/printable";
import { styleFor } from "./output/style";

interface PingFlags extends AdminFlags {
  readonly from?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  addAdminOptions(program.command("ping"), { token: true })
    .summary("ask a partner's server for one of its users, through a running gateway")
    .description(
      "Pings a partner's user (XEP-0199) through a running gateway, over the stream that a message would take. Tells the latency, or which hop failed (DNS, connect, TLS, certificate, authentication, policy, delivery), whose side it is and what to do. The user sees nothing of it.",
    )
    .argument("<user@partner>", "a user of a partner")
    .option("--from <domain>", "one of our domains (default: the first that may talk to the partner)")
    .option("--timeout <seconds>", "how long to wait for the answer", seconds, 30)
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      `
Exit codes: 0 answered, 1 a hop failed or nothing came back, 2 used wrongly, 3 no gateway answers.

Examples:
  xmpp-edge ping anna@fabrikam.example
  xmpp-edge ping anna@fabrikam.example --from contoso.example --json`,
    )
    .action((to: string, flags: PingFlags) => ping(to, flags, context));
}

async function ping(to: string, flags: PingFlags, context: CliContext): Promise<void> {
  const client = AdminClient.operator(flags, context.signal);
  const waiting = context.progress(`waiting for ${printable(to, 100)}`);
  const { timeout, from } = flags;
  const answer = await client
    .ping({ to, timeout, ...(from === undefined ? {} : { from }) })
    .finally(() => waiting.done("over"));
  if ("outcome" in answer) return told(answer, flags, context);
  const text = printable(answer.text);
  if (answer.condition === "jid-malformed" || answer.condition === "bad-request") throw new UsageError(text);
  // Policy is a hop like any other: the gateway does not even try.
  throw new CommandError(text, answer.condition === "resource-constraint" ? 3 : 1);
}

function told(report: PingReport, flags: PingFlags, context: CliContext): void {
  const verdict = pingVerdict(report);
  context.stdout(flags.json ? jsonText({ ...report, ...verdict }) : verdictText(report, verdict, context));
  context.exit(verdict.reached ? 0 : 1);
}

function verdictText(report: PingReport, verdict: PingVerdict, context: CliContext): string {
  const style = styleFor(context.colour);
  const { to, from } = report;
  const head = verdict.reached
    ? style("good", "answered")
    : `${style("error", "not reached")}: ${verdict.hop}, ${verdict.whose}`;
  return (
    `${printable(to)} from ${printable(from)}: ${head}: ${printable(verdict.text, 1000)}\n` +
    (verdict.remedy === undefined ? "" : `  ${printable(verdict.remedy, 1000)}\n`)
  );
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(Number.isInteger(number) && number >= 1 && number <= 55))
    throw new InvalidArgumentError("Give whole seconds, from 1 to 55.");
  return number;
}
