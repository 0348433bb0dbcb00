import "./compiled-code";
import { Command, CommanderError } from "commander";
import { COMMANDS, type CommandEntry } from "./commands";
import { type CliContext, CommandError } from "./context";
import { type CliIo, processIo, SIGNAL_EXIT, type StopSignal } from "./output/io";
import { startProgress } from "./output/progress";

/** Exit codes that the command line itself decides; commands add 1 (found wanting) and 3 (could not tell). */
const GOOD = 0;
const USED_WRONGLY = 2;
const OWN_FAULT = 70;

/**
 * Runs the command line.
 * @param argv the arguments after the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  const run: Run = { exitCode: GOOD, interruptedBy: undefined };
  const end = argv.indexOf("--");
  const colourless = (argument: string, at: number) => argument === "--no-color" && (end === -1 || at < end);
  const context = contextOf(run, io, !argv.some(colourless));
  try {
    await programFor(argv, context).parseAsync(
      argv.filter((argument, at) => !colourless(argument, at)),
      { from: "user" },
    );
  } catch (error) {
    if (run.interruptedBy === undefined) run.exitCode = explainFailure(error, io);
    else if (!isAbort(error)) explainFailure(error, io);
  }
  return run.interruptedBy === undefined ? run.exitCode : SIGNAL_EXIT[run.interruptedBy];
}

interface Run {
  exitCode: number;
  interruptedBy: StopSignal | undefined;
}

function contextOf(run: Run, io: CliIo, colourWanted: boolean): CliContext {
  const { environment, terminal } = io;
  const stop = new AbortController();
  let listening = false;
  return {
    stdout: io.stdout,
    stderr: io.stderr,
    colour: colourWanted && terminal.stdout && !environment.NO_COLOR && environment.TERM !== "dumb",
    progress: (label) => startProgress(label, terminal.stderr, io.stderr),
    exit(code, { interrupted = false } = { interrupted: false }) {
      run.exitCode = code;
      if (interrupted) run.interruptedBy = undefined;
    },
    load(path) {
      const { loadValid } = require("./output/load-valid") as typeof import("./output/load-valid");
      return loadValid(path, io.stderr);
    },
    get signal() {
      if (!listening) {
        listening = true;
        io.onStopSignal((signal) => {
          run.interruptedBy = signal;
          stop.abort();
        });
      }
      return stop.signal;
    },
  };
}

/** The program with the one subcommand that is used; the others are known by name only, for help and suggestions. */
function programFor(argv: readonly string[], context: CliContext): Command {
  const program = new Command("xmpp-edge")
    .description(
      "XMPP federation gateway as code: one typed definition becomes records, certificate, cloud host and gateway.",
    )
    .version(version(), "-V, --version", "print the version")
    .option("--no-color", "never colour the output")
    .exitOverride()
    .configureOutput({
      writeOut: context.stdout,
      writeErr: context.stderr,
      getOutHasColors: () => context.colour,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, "xmpp-edge: ")),
    })
    .showHelpAfterError("(--help after a command shows how it is used)")
    .addHelpText("after", EXAMPLES);
  const words = argv.filter((argument) => !argument.startsWith("-"));
  add(program, COMMANDS, words[0] === "help" ? words.slice(1) : words, context);
  return program;
}

function add(parent: Command, entries: readonly CommandEntry[], words: readonly string[], context: CliContext): void {
  for (const { name, summary, module, children, hidden = false } of entries) {
    const chosen = words[0] === name;
    if (chosen && module !== undefined) {
      module().register(parent, context);
      continue;
    }
    const command = parent.command(name, { hidden }).summary(summary).description(summary);
    if (children !== undefined) add(command, children, chosen ? words.slice(1) : [], context);
  }
}

const EXAMPLES = `
Examples:
  xmpp-edge check edge.config.ts
  xmpp-edge explain edge.config.ts fabrikam.example
  xmpp-edge up examples/contoso/edge.config.ts examples/fabrikam/edge.config.ts

Exit codes: 0 good, 1 found wanting, 2 used wrongly, 3 could not tell, 70 a fault of xmpp-edge, 130 and 143 interrupted.`;

function version(): string {
  return (require("../../package.json") as { version: string }).version;
}

/** Says what went wrong and gives the exit code. Only a fault of our own is worth a report; a stack only when asked. */
function explainFailure(error: unknown, io: CliIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? GOOD : USED_WRONGLY; // commander has printed it
  if (error instanceof CommandError) {
    io.stderr(`xmpp-edge: ${error.message}\n${error.remedy === undefined ? "" : `  ${error.remedy}\n`}`);
    return error.exitCode;
  }
  const summary = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  io.stderr(`xmpp-edge: internal error: ${summary.replace(/\s+/g, " ").slice(0, 500)}\n`);
  const debug = io.environment.XMPP_EDGE_DEBUG === "1";
  if (debug && error instanceof Error && error.stack !== undefined) io.stderr(`${error.stack}\n`);
  io.stderr(
    `  This is a fault of xmpp-edge ${version()}. Please report it with the command you ran${debug ? "" : " and what XMPP_EDGE_DEBUG=1 adds to this"}.\n`,
  );
  return OWN_FAULT;
}

const isAbort = (error: unknown) => (error as { readonly name?: unknown } | null | undefined)?.name === "AbortError";

/** The baseline (`engines` in package.json): node:sqlite without a flag, and types stripped by Node itself. */
const LEAST_NODE = [22, 18] as const;

function isOldNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
}

function start(): void {
  const io = processIo();
  if (isOldNode(process.versions.node)) {
    io.stderr(
      `xmpp-edge: this is Node.js ${process.versions.node}; ${LEAST_NODE.join(".")} or later is needed\n  install a newer Node.js, or let npm install the optional dependencies: they bring one\n`,
    );
    process.exitCode = USED_WRONGLY;
    return;
  }
  // What escapes every promise and callback is our fault as well, and must not show a stack either.
  process.on("uncaughtException", (error) => process.exit(explainFailure(error, io)));
  void main(process.argv.slice(2), io).then((code) => {
    process.exitCode = code;
  });
}

if (require.main === module) start();
