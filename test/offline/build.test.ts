import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { buildStandIn } from "./build";

test("the stand-in says what it is to a person who starts it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
  try {
    const bundle = join(folder, "stand-in.cjs");
    buildStandIn(bundle);
    const { status, stdout, stderr } = spawnSync(process.execPath, [bundle], { encoding: "utf8", timeout: 30_000 });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/This is a Terraform plugin/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
