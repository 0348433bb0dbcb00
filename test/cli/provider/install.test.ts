import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../../../src/provider/address";
import { EXECUTABLE } from "../../../src/provider/built-provider";
import { runCli } from "../run-cli";

let stack: string;
beforeEach(() => {
  stack = mkdtempSync(join(tmpdir(), "provider-install-"));
});
afterEach(() => rmSync(stack, { recursive: true }));

describe("provider install", () => {
  test("lays the provider into the stack and says where", async () => {
    const { code, stdout } = await runCli(["provider", "install", stack, "--json"]);
    expect(code).toBe(0);
    const { folders, ...rest } = JSON.parse(stdout) as { folders: string[] };
    expect(rest).toEqual({ address: PROVIDER_ADDRESS, version: PROVIDER_VERSION });
    expect(folders).toHaveLength(4);
    for (const folder of folders) expect(existsSync(join(folder, EXECUTABLE))).toBe(true);
    expect((await runCli(["provider", "install", stack])).stdout).toContain(
      `${PROVIDER_ADDRESS} ${PROVIDER_VERSION}\n`,
    );
  });

  test("into a folder that is not there: used wrongly, with what to name", async () => {
    const { code, stderr } = await runCli(["provider", "install", join(stack, "nowhere")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is no folder\n {2}name the folder/);
  });

  test("where it cannot be written: found wanting, with a remedy", async () => {
    writeFileSync(join(stack, "terraform.d"), "");
    const { code, stderr } = await runCli(["provider", "install", stack]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/provider-unwritable\)\n {2}make room/);
  });
});
