import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "@jest/globals";
import { loadDefinition } from "../../src/load";
import { JSON_LEAST, loadingFolder, refusal } from "./loading";

const scratch = loadingFolder();
const { load, file } = scratch;
const YAML_LEAST = "name: contoso\naccessEdge: {fqdn: edge.contoso.example}\ndomains: [{name: contoso.example}]\n";

describe("a file that cannot be read", () => {
  mkdirSync(join(scratch.path, "folder.json"));
  symlinkSync("loop.json", join(scratch.path, "loop.json"));
  test.each([
    ["missing.json", "unreadable", "does not exist"],
    ["missing/edge.json", "unreadable", "does not exist"],
    ["folder.json", "unreadable", "is not a regular file"],
    ["loop.json", "unreadable", "is a link that leads to itself"],
    [`${"x".repeat(300)}.json`, "unreadable", "is longer than a path can be"],
    ["edge.toml", "format-unknown", "has no extension of a definition"],
    ["edge", "format-unknown", "has no extension of a definition"],
  ])("%s: %s, %s", async (name, code, message) => {
    const error = await refusal(loadDefinition(join(scratch.path, name)));
    expect(error).toMatchObject({ code, message });
    expect(error.remedy).not.toBe("");
  });

  it("is told as such where permission is missing", async () => {
    const secret = file("json", JSON_LEAST);
    chmodSync(secret, 0);
    if (process.getuid?.() === 0) return void expect((await loadDefinition(secret)).definition).toBeDefined(); // root may read all
    expect(await refusal(loadDefinition(secret))).toMatchObject({ code: "unreadable", message: "may not be read" });
  });

  test("beyond its bound in bytes is not read at all", async () => {
    const error = await refusal(load("yaml", Buffer.alloc(16 * 2 ** 20 + 1, 0x20)));
    expect(error).toMatchObject({ code: "too-large" });
    expect(error.message).toContain("16777217 bytes");
  });

  test.each([
    ["json", Buffer.from([0x7b, 0xff, 0x7d])],
    ["yaml", Buffer.from(`\ufeff${YAML_LEAST}`, "utf16le")],
    ["json", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ["ts", Buffer.from("export default 'caf\xe9'", "latin1")],
  ])("%s that is not UTF-8 is refused", async (extension, bytes) => {
    expect(await refusal(load(extension, bytes))).toMatchObject({ code: "not-utf8" });
  });
});
