import { describe, expect, it, jest, test } from "@jest/globals";
import { Command } from "commander";
import { COMMANDS, type CommandEntry } from "../../src/cli/commands";
import { type CliContext, CommandError, UsageError } from "../../src/cli/context";
import { runCli } from "./run-cli";

/** Every subcommand with the words that call it. */
const all = (
  entries: readonly CommandEntry[],
  before: readonly string[] = [],
): { words: string[]; entry: CommandEntry }[] =>
  entries.flatMap((entry) => {
    const words = [...before, entry.name];
    return entry.children === undefined ? [{ words, entry }] : all(entry.children, words);
  });
const TABLE = all(COMMANDS).map(({ words, entry }) => ({ command: words.join(" "), words, entry }));

describe("the table of commands", () => {
  test.each(TABLE)("$command: its module registers it under that name, with the summary of the table", ({ entry }) => {
    const program = new Command();
    entry.module?.().register(program, {} as CliContext);
    expect(program.commands.map((command) => [command.name(), command.summary()])).toEqual([
      [entry.name, entry.summary],
    ]);
  });

  test.each(TABLE)("$command --help shows its use with examples, and ends 0", async ({ words }) => {
    const { code, stdout, stderr } = await runCli([...words, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: xmpp-edge ${words.join(" ")}`);
    expect(stdout).toContain("Examples:");
  });
});

describe("the overview", () => {
  it("names every command on --help", async () => {
    const { code, stdout } = await runCli(["--help"]);
    expect(code).toBe(0);
    const text = stdout.replace(/\s+/g, " ");
    for (const { name, summary, hidden } of COMMANDS) {
      expect(text.includes(` ${name} ${summary}`) || text.includes(` ${name} [options] ${summary}`)).toBe(!hidden);
    }
  });

  it("is the answer to no command at all, as used wrongly", async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: xmpp-edge");
  });

  it("helps with a command by name", async () => {
    expect((await runCli(["help", "explain"])).stdout).toContain("Usage: xmpp-edge explain");
    expect((await runCli(["help", "dns", "zone"])).code).toBe(0);
  });

  it("tells the version", async () => {
    const { version } = require("../../package.json") as { version: string };
    for (const flag of ["-V", "--version"])
      expect(await runCli([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("used wrongly", () => {
  test.each([
    [["chek"], "unknown command 'chek'", "(Did you mean check?)"],
    [["dns", "zoen"], "unknown command 'zoen'", "(Did you mean zone?)"],
    [["check"], "missing required argument 'definition'", ""],
    [["check", "a.json", "b.json"], "too many arguments", ""],
    [["check", "--jsn", "a.json"], "unknown option '--jsn'", "(Did you mean --json?)"],
    [["check", "--fail-on", "never", "a.json"], "Allowed choices are error, warn", ""],
    [["explain", "a.json"], "missing required argument 'partner domain'", ""],
    [["facts", "--local", "localhost", "a.json"], "Give an address and a port", ""],
    [["facts", "--local", "::1:5269", "a.json"], "Give an address and a port", ""],
    [["facts", "--local", "127.0.0.1:70000", "a.json"], "Give an address and a port", ""],
    [["facts", "missing.json"], "missing.json does not exist", "check the path"],
    [["explain", "missing.json", "a.example"], "missing.json does not exist", "check the path"],
  ])("%j: exit 2, one clear error, nothing on standard output", async (argv, message, remedy) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^xmpp-edge: /);
    expect(stderr).toContain(message);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

/** Puts a command of the test's own in the place of `schema`. */
async function withCommand(run: (context: CliContext) => unknown, world: Parameters<typeof runCli>[1] = {}) {
  const entry = COMMANDS.find(({ name }) => name === "schema") as { module: CommandEntry["module"] };
  const before = entry.module;
  entry.module = () => ({
    register: (program, context) => {
      program.command("schema").action(async () => {
        await run(context);
      });
    },
  });
  try {
    return await runCli(["schema"], world);
  } finally {
    entry.module = before;
  }
}

const fail = (error: unknown) => () => {
  throw error;
};

describe("how a command ends", () => {
  test("by the code that it sets", async () => {
    expect((await withCommand((context) => context.exit(3))).code).toBe(3);
    expect((await withCommand(() => undefined)).code).toBe(0);
  });

  test.each([
    [new UsageError("wrong", "do right"), 2, "xmpp-edge: wrong\n  do right\n"],
    [new CommandError("port 5269 is taken", 1), 1, "xmpp-edge: port 5269 is taken\n"],
    [new CommandError("nobody answered", 3, "try again"), 3, "xmpp-edge: nobody answered\n  try again\n"],
  ])("by an error that names its exit code: %s", async (error, code, stderr) => {
    expect(await withCommand(fail(error))).toEqual({ code, stdout: "", stderr });
  });

  test.each([
    [new TypeError("x is\n not a function"), "TypeError: x is not a function"],
    ["a thrown text", "a thrown text"],
    [null, "null"],
  ])("by a fault of its own: %s", async (error, summary) => {
    const { code, stderr } = await withCommand(fail(error));
    expect(code).toBe(70);
    const [first, second, ...rest] = stderr.trimEnd().split("\n");
    expect(first).toBe(`xmpp-edge: internal error: ${summary}`);
    expect(second).toContain("Please report it");
    expect(rest).toEqual([]);
  });

  test("by a fault of its own, with the stack for those who ask", async () => {
    const { code, stderr } = await withCommand(fail(new Error("x")), { environment: { XMPP_EDGE_DEBUG: "1" } });
    expect(code).toBe(70);
    expect(stderr).toMatch(/\n\s+at /);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s: %i, whatever it set", async (signal, code) => {
    const waiting = (context: CliContext) =>
      new Promise<void>((resolve) => {
        context.signal.addEventListener("abort", () => {
          context.exit(0);
          resolve();
        });
      });
    const { stderr, ...run } = await withCommand(waiting, { onListening: (send) => setImmediate(send, signal) });
    expect([run.code, stderr]).toEqual([code, ""]);
  });

  test("by a signal, when it lets the abort through as an error", async () => {
    const waiting = (context: CliContext) =>
      new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      });
    const run = await withCommand(waiting, { onListening: (send) => setImmediate(send, "SIGINT") });
    expect(run).toEqual({ code: 130, stdout: "", stderr: "" });
  });

  test("leaves signals alone where nobody listens", async () => {
    const onListening = jest.fn();
    await withCommand(() => undefined, { onListening });
    expect(onListening).not.toHaveBeenCalled();
  });
});

describe("colour", () => {
  test.each<[string, Parameters<typeof runCli>[1], boolean]>([
    ["on a terminal", { terminal: true }, true],
    ["not elsewhere", { terminal: false }, false],
    ["not with NO_COLOR", { terminal: true, environment: { NO_COLOR: "1" } }, false],
    ["not on a dumb terminal", { terminal: true, environment: { TERM: "dumb" } }, false],
  ])("%s", async (_, world, expected) => {
    let colour: boolean | undefined;
    await withCommand((context) => {
      colour = context.colour;
    }, world);
    expect(colour).toBe(expected);
  });

  test("not with --no-color, wherever it stands", async () => {
    const definition = "examples/contoso/edge.config.json";
    const coloured = await runCli(["check", definition], { terminal: true });
    expect(coloured.stdout).toContain("\u001b[");
    for (const argv of [
      ["--no-color", "check", definition],
      ["check", definition, "--no-color"],
    ])
      expect((await runCli(argv, { terminal: true })).stdout).not.toContain("\u001b[");
  });
});

describe("progress", () => {
  test("is shown on a terminal for what takes longer than two seconds, and nowhere else", async () => {
    jest.useFakeTimers({ now: 0 });
    try {
      for (const [terminal, ms, shown] of [
        [true, 1900, ""],
        [true, 2500, "asking …\nasking: 3 answers (2.5 s)\n"],
        [false, 2500, ""],
      ] as const) {
        const { stderr } = await withCommand(
          (context) => {
            const progress = context.progress("asking");
            jest.advanceTimersByTime(ms);
            progress.done("3 answers");
          },
          { terminal },
        );
        expect(stderr).toBe(shown);
      }
    } finally {
      jest.useRealTimers();
    }
  });
});
