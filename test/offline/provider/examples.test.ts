import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EXAMPLES } from "../../../src/provider/xmppedge/examples";
import { OwnTerraform } from "./own-terraform";

let terraform: OwnTerraform;
beforeAll(async () => {
  terraform = await new OwnTerraform().write({}).init();
});
afterAll(() => terraform.remove());

test.each(Object.keys(EXAMPLES))("the documentation's example of %s is valid", async (name) => {
  const file = join(terraform.folder, "example.tf");
  writeFileSync(join(terraform.folder, "edge.json"), "{}");
  // What is not of this provider is left to the stand-in for AWS: the example's first block, with a literal address.
  const [first = ""] = (EXAMPLES[name] ?? "").split(/\n\n(?=resource|output)/);
  writeFileSync(
    file,
    first
      .replace("aws_eip.edge.public_ip", '"198.51.100.7"')
      .replace(/jsondecode\(file\(.*\)\)\.programDigest/, `"sha256:${"0".repeat(64)}"`),
  );
  expect((await terraform.run(["validate", "-no-color"])).output).toContain("The configuration is valid");
  rmSync(file);
});
