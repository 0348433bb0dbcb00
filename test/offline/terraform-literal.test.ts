import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { TerraformOutput, TerraformStack, Testing } from "cdktf";
import fc from "fast-check";
import { terraformJson, terraformLiteral } from "../../src/constructs/terraform-literal";
import { Terraform } from "./terraform";

test("Terraform gives every text back as it was", async () => {
  const marks = fc.constantFrom(
    "$",
    "%",
    "{",
    "}",
    "\\",
    '"',
    "$${",
    "${",
    "%{",
    "%%{",
    "#{",
    "TfToken[TOKEN.0]",
    "\n",
    "~",
    "é",
    " if true ",
  );
  const texts = fc.sample(
    fc.array(marks, { minLength: 1, maxLength: 8 }).map((parts) => parts.join("")),
    { numRuns: 300, seed: 1 },
  );
  const folder = mkdtempSync(join(tmpdir(), "literal-"));
  try {
    const stack = new TerraformStack(Testing.app(), "test");
    new TerraformOutput(stack, "literals", { value: texts.map(terraformLiteral) });
    new TerraformOutput(stack, "json", { value: terraformJson(texts) });
    writeFileSync(join(folder, "main.tf.json"), Testing.synth(stack, true));
    const terraform = await Terraform.in(folder);
    await terraform.apply();
    const { literals, json } = await terraform.outputs();
    expect(literals).toEqual(texts);
    expect(JSON.parse(String(json))).toEqual(texts);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
