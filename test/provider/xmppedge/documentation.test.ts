import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { providerPages } from "../../../src/provider/xmppedge/documentation";

const FOLDER = join(__dirname, "..", "..", "..", "docs", "provider");

test("docs/provider is what the schema says; where it is not, run npm run docs:provider", () => {
  const pages = providerPages();
  expect(readdirSync(FOLDER).sort()).toEqual(pages.map(({ file }) => file).sort());
  for (const { file, text } of pages) expect(readFileSync(join(FOLDER, file), "utf8")).toBe(text);
});

test("every argument and attribute is described, and every page has an example", () => {
  for (const { file, text } of providerPages()) {
    expect({ file, empty: /\| +\|\n/.test(text.replace(/^\|.*\| \| \|$|^\|.*type \| \|$|^\| \| \|$/gm, "")) }).toEqual({
      file,
      empty: false,
    });
    expect(text).toMatch(/```hcl\n[a-z]/);
  }
});
