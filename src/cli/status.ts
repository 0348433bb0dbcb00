import { setTimeout as after } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { GatewayStatus } from "../gateway/status";
import { type CliContext, CommandError } from "./context";
import { AdminClient, type AdminFlags, addAdminOptions } from "./operation/admin-client";
import { statusText } from "./operation/status-text";
import { jsonText } from "./output/json";
import { styleFor } from "./output/style";

interface StatusFlags extends Pick<AdminFlags, "admin"> {
  readonly json?: true;
  /** Seconds; true for the usual. */
  readonly watch?: number | true;
}

const USUAL_SECONDS = 2;
/** Where the cursor goes for the next picture: home, and the rest of the screen is cleared (ECMA-48 8.3.21, 8.3.39). */
const NEW_PICTURE = "\u001b[H\u001b[J";

export function register(program: Command, context: CliContext): void {
  addAdminOptions(program.command("status"), { token: false })
    .summary("show a running gateway: streams, queues, certificates, what failed last")
    .description(
      "Asks a running gateway's admin port. Shows whether it is ready, its streams and queues by partner, the days its certificates have left, and the last failure with each partner: when, which rule, whose side, and what to do.",
    )
    .option("--watch [seconds]", `look again and again (default: every ${USUAL_SECONDS} seconds)`, seconds)
    .option("--json", "print it as JSON, with --watch one line a look")
    .addHelpText(
      "after",
      `
Exit codes: 0 ready, 1 not ready, 2 used wrongly, 3 no gateway answers; with --watch those of the last look.

Examples:
  xmpp-edge status
  xmpp-edge status --watch
  xmpp-edge status --admin 127.0.0.1:9270 --json`,
    )
    .action((flags: StatusFlags) => status(flags, context));
}

async function status(flags: StatusFlags, context: CliContext): Promise<void> {
  const client = AdminClient.reader(flags, context.signal);
  if (flags.watch === undefined) {
    const seen = await client.status();
    context.stdout(flags.json ? jsonText(seen) : statusText(seen, Date.now(), styleFor(context.colour)));
    context.exit(seen.ready ? 0 : 1);
    return;
  }
  await watch(client, flags.watch === true ? USUAL_SECONDS : flags.watch, flags, context);
}

/** Looks until it is interrupted; a gateway that does not answer is shown as such, and looked for again. */
async function watch(client: AdminClient, interval: number, flags: StatusFlags, context: CliContext): Promise<void> {
  const { signal } = context;
  let code = 3;
  while (!signal.aborted) {
    const seen = await look(client, signal);
    if (signal.aborted) break;
    const at = new Date().toISOString();
    code = seen instanceof CommandError ? seen.exitCode : seen.ready ? 0 : 1;
    if (flags.json) {
      const found = seen instanceof CommandError ? { error: seen.message } : { status: seen };
      context.stdout(`${JSON.stringify({ at, ...found })}\n`);
    } else {
      const style = styleFor(context.colour);
      const text = seen instanceof CommandError ? `${seen.message}\n` : statusText(seen, Date.now(), style);
      context.stdout(`${context.colour ? NEW_PICTURE : ""}${at}\n${text}${context.colour ? "" : "\n"}`);
    }
    await after(interval * 1000, undefined, { signal }).catch(() => undefined);
  }
  context.exit(code, { interrupted: true });
}

async function look(client: AdminClient, signal: AbortSignal): Promise<GatewayStatus | CommandError> {
  try {
    return await client.status();
  } catch (error) {
    if (error instanceof CommandError) return error;
    if (signal.aborted) return new CommandError("interrupted", 3);
    throw error;
  }
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(number >= 0.5 && number <= 3600)) throw new InvalidArgumentError("Give seconds, from 0.5 to 3600.");
  return number;
}
