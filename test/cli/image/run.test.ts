import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeLayout, type TinyLayout } from "../../gateway/image/registry/layout";
import { scratchFolder } from "../../load/scratch";
import { runCli } from "../run-cli";

// The engine is a script here, which writes down what it is asked; test/peers/image-run.test.ts has a real one.
const scratch = scratchFolder();
const system = process.env.PATH;
let number = 0;
let folder: string;
let layout: TinyLayout;

beforeEach(async () => {
  folder = join(scratch.path, String(number++));
  layout = await makeLayout(join(folder, "layout"));
});
afterEach(() => {
  process.env.PATH = system;
});

/** An engine on PATH, alone. */
function engine(name: string, { load = "exit 0", run = "exit 0" } = {}): void {
  const file = scratch.write(
    `${folder.slice(scratch.path.length + 1)}/bin/${name}`,
    `#!/bin/sh
echo "$*" >>"${folder}/asked"
case $1 in
  image) exit 1 ;;
  load) /bin/cat >"${folder}/loaded.tar"; ${load} ;;
  run) ${run} ;;
esac
`,
  );
  chmodSync(file, 0o755);
  process.env.PATH = join(folder, "bin");
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n");
const run = (...args: string[]) => runCli(["image", "run", layout.directory, ...args]);

describe("image run", () => {
  const name = "localhost/xmpp-edge:[0-9a-f]{24}";

  test("loads this machine's image and runs it with the least rights", async () => {
    engine("podman");
    const { code, stdout, stderr } = await run("--mount", "/etc/tls:/run/tls", "--", "--key", "/run/tls/edge.key");
    expect([code, stdout]).toEqual([0, ""]);
    const [inspected, loaded, ran = ""] = asked();
    expect([inspected, loaded]).toEqual([expect.stringMatching(`^image inspect ${name}$`), "load"]);
    expect(ran).toMatch(
      new RegExp(
        `^run --rm --read-only --user 10001:10001 --cap-drop ALL --security-opt no-new-privileges --network host ` +
          `--volume xmpp-edge-state:/var/lib/xmpp-edge --volume /etc/tls:/run/tls:ro ${name} ` +
          "run /etc/xmpp-edge/document.json --key /run/tls/edge.key$",
      ),
    );
    expect(stderr).toBe(`${join(folder, "bin/podman")} ${ran}\n`);
  });

  test("gives the engine an archive that holds the image, and nothing of another processor's", async () => {
    engine("podman");
    await run();
    const list = execFileSync("tar", ["-tf", join(folder, "loaded.tar")], { encoding: "utf8", env: { PATH: system } });
    const text = (path: string) =>
      execFileSync("tar", ["-xOf", join(folder, "loaded.tar"), path], { encoding: "utf8", env: { PATH: system } });
    const [image] = JSON.parse(text("manifest.json")) as { Config: string; Layers: string[]; RepoTags: string[] }[];
    expect(JSON.parse(text(image!.Config))).toMatchObject({ architecture: process.arch === "x64" ? "amd64" : "arm64" });
    expect(image!.RepoTags).toEqual([expect.stringMatching(`^${name}$`)]);
    expect(list.trimEnd().split("\n").sort()).toEqual(["manifest.json", image!.Config, ...image!.Layers].sort());
  });

  test("takes docker where podman is not", async () => {
    engine("docker");
    expect((await run()).code).toBe(0);
    expect(asked().at(-1)).toMatch(/^run --rm /);
  });

  test("prints the command and runs nothing", async () => {
    engine("podman");
    const { stdout } = await run("--print", "--mount", "/my files:/run/tls");
    expect(stdout).toContain(" --volume '/my files:/run/tls:ro' ");
    expect(asked().map((line) => line.split(" ")[0])).toEqual(["image", "load"]);
  });

  test("ends with the gateway's own exit code", async () => {
    engine("podman", { run: "exit 7" });
    expect((await run()).code).toBe(7);
  });

  test("says so where there is no engine", async () => {
    process.env.PATH = folder;
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/neither podman nor docker.*\n.*install podman/)]);
    expect((await run("--engine", "/nowhere/podman")).stderr).toContain("there is no program /nowhere/podman");
  });

  test("says what the engine says where it does not take the image", async () => {
    engine("podman", { load: "echo 'no space left on device' >&2; exit 125" });
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining("no space left on device")]);
    expect(asked()).toHaveLength(2);
  });

  test.each([
    ["nothing", ["/nowhere"], 2, "there is no /nowhere"],
    ["a mount without a place", [".", "--mount", "/etc"], 2, "HOST:INSIDE"],
    ["a folder without an image", ["/"], 1, "index.json"],
  ])("of %s is refused", async (_, given, code, words) => {
    engine("podman");
    const run = await runCli(["image", "run", ...given]);
    expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(words)]);
    expect(existsSync(join(folder, "loaded.tar"))).toBe(false);
  });
});
