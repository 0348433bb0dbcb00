import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TerraformMissing, usable } from "../../src/offline/terraform-binary";

describe("the Terraform that the tests run", () => {
  let folder: string;
  const saying = (text: string): string => {
    const file = join(folder, `terraform-${text.length}`);
    writeFileSync(file, `#!/bin/sh\ncat <<'EOF'\n${text}\nEOF\n`);
    chmodSync(file, 0o755);
    return file;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "terraform-binary-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    '{"terraform_version":"1.11.0"}',
    '{"terraform_version": "1.15.2-rc1"}',
    '{"terraform_version": "2.0.0"}',
  ])("may say %s", (text) => {
    const command = saying(text);
    expect(usable(command)).toBe(command);
  });

  test.each([
    ["is not there", () => join(folder, "none"), /cannot run .*none/],
    ["is too old", () => saying('{"terraform_version":"1.10.5"}'), /is 1\.10\.5/],
    ["is much too old", () => saying('{"terraform_version":"0.15.5"}'), /is 0\.15\.5/],
    ["is something else", () => saying("hello"), /does not say its version/],
  ])("that %s is refused with the remedy", (_, command, message) => {
    const refused = () => usable(command());
    expect(refused).toThrow(TerraformMissing);
    expect(refused).toThrow(message);
    expect(refused).toThrow(/install terraform 1\.11 or later on PATH/);
  });
});
