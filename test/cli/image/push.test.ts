import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeLayout, type TinyLayout } from "../../gateway/image/registry/layout";
import { TestRegistry } from "../../gateway/image/registry/test-registry";
import { scratchFolder } from "../../load/scratch";
import { runCli } from "../run-cli";

const scratch = scratchFolder();
let registry: TestRegistry;
let layout: TinyLayout;

beforeAll(async () => {
  layout = await makeLayout(join(scratch.path, "layout"));
  registry = await new TestRegistry().start();
});
afterAll(() => registry.stop());

describe("image push", () => {
  const push = (...more: string[]) => runCli(["image", "push", layout.directory, `${registry.host}/edge`, ...more]);

  test("says what went over the wire, and the second time that nothing did", async () => {
    const first = await push("--tag", "v1");
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^127\.0\.0\.1:\d+\/edge@sha256:[0-9a-f]{64} as v1\n {2}0\.3 MB sent: 7 blobs new, 0 there already\n$/,
      ),
    ]);
    const second = await push("--tag", "v1");
    expect(second.stderr).toBe("");
    expect(second.stdout).toContain("nothing to send: 0 blobs new, 7 there already");
  });

  test("prints JSON and nothing else on standard output", async () => {
    const { stdout } = await push("--json");
    expect(JSON.parse(stdout)).toEqual({
      reference: `${registry.host}/edge@${layout.digest}`,
      digest: layout.digest,
      image: "configured",
      pushedBytes: 0,
      pushedBlobs: 0,
      mountedOrPresentBlobs: 7,
      refusedAttachments: [],
    });
  });

  test("says what the registry says, and what to do, without a stack", async () => {
    registry.misbehave = (_request, response) => {
      response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"not yours"}]}');
      return true;
    };
    const { code, stderr, stdout } = await push();
    registry.misbehave = () => false;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/status 403, DENIED: not yours.*\(registry-denied\)\n.*the right to/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ["no repository", ["edge"], 2, /host\[:port\]\/name/],
    ["a tag in the repository", ["registry.example/edge:v1"], 2, /--tag/],
    ["a bad tag", ["registry.example/edge", "--tag", "a b"], 2, /tag/],
    ["an image that is not there", ["registry.example/edge", "--image", "program"], 1, /program/],
  ])("%s: %j ends with exit code %i", async (_, given, code, words) => {
    const run = await runCli(["image", "push", layout.directory, ...given]);
    expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(words)]);
  });
});
