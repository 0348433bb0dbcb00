import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "@jest/globals";
import { scratchFolder } from "../load/scratch";

const root = join(__dirname, "..", "..");
const example = join(root, "examples", "contoso", "edge.config.ts");
const scratch = scratchFolder();

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program. */
const xmppEdge = (argv: readonly string[], options: Options = {}) =>
  ended(process.execPath, [join(root, "dist", "cli", "main.js"), ...argv], options);

interface Options {
  readonly cwd?: string;
  readonly closeStdout?: boolean;
}

function ended(program: string, argv: readonly string[], options: Options): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd: options.cwd ?? root, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    if (options.closeStdout) child.stdout.destroy();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("the command as a process", () => {
  beforeAll(async () => {
    // The launcher builds what is stale, once, and runs it.
    const { code, stdout, stderr } = await ended(join(root, "bin", "xmpp-edge"), ["--version"], {});
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  }, 300_000);

  it("checks the example, from any folder, and ends 0", async () => {
    const { code, stdout, stderr } = await xmppEdge(["check", example], { cwd: scratch.path });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("is valid: no errors, no warnings");
    expect(stdout).not.toContain("\u001b");
  });

  it("finds its own package for a definition that lies in no project", async () => {
    const file = scratch.write(
      "alone/edge.config.ts",
      'import { defineEdge, type EdgeInput } from "xmpp-edge";\nconst edge: EdgeInput = { name: "x", accessEdge: { fqdn: "e.x.example" }, domains: [{ name: "x.example" }] };\nexport default defineEdge(edge);\n',
    );
    expect(await xmppEdge(["check", file])).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    [["check", "missing.json"], 2],
    [["chek"], 2],
    [["explain", example, "stranger.example"], 1],
  ])("%j ends %i without a stack trace", async (argv, code) => {
    const run = await xmppEdge(argv);
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toMatch(/^xmpp-edge: /);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  it("tells of an invalid definition on standard output and ends 1", async () => {
    const file = scratch.write("invalid.yaml", "name: contoso\n");
    const { code, stdout, stderr } = await xmppEdge(["check", file]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("domains is required");
  });

  it("does not mind a reader that goes away", async () => {
    const { code, stderr } = await xmppEdge(["schema"], { closeStdout: true });
    expect([code, stderr]).toEqual([0, ""]);
  });
});

describe("what a command loads", () => {
  // Memory and speed: a library is loaded by the command that needs it, and by no other.
  const LIBRARIES = ["yaml", "jiti", "jsonc-parser", "zod", "cdktf", "constructs", "@peculiar/x509", "dns2", "saxes"];

  async function loaded(argv: readonly string[]): Promise<string[]> {
    const script = `const { main } = require("./dist/cli/main.js");
      const quiet = { stdout() {}, stderr() {}, terminal: {}, environment: {}, onStopSignal() {} };
      main(${JSON.stringify(argv)}, quiet).then(() => console.log(JSON.stringify(Object.keys(require.cache))));`;
    const { stdout } = await ended(process.execPath, ["-e", script], {});
    const files = JSON.parse(stdout) as string[];
    return LIBRARIES.filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
  }

  test.each([
    [["check", "examples/contoso/edge.config.json"], ["zod"]],
    [
      ["check", "examples/contoso/edge.config.yaml"],
      ["yaml", "zod"],
    ],
    [
      ["check", "examples/contoso/edge.config.ts"],
      ["jiti", "zod"],
    ],
    [["facts", "examples/contoso/edge.config.json"], ["zod"]],
    [["explain", "examples/contoso/edge.config.json", "fabrikam.example"], ["zod"]],
    [["schema"], ["zod"]],
    [["--help"], []],
  ])("%j loads %j", async (argv, libraries) => {
    expect(await loaded(argv)).toEqual(libraries);
  });
});
