import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createFile, replaceFile } from "../../../src/certificate/store/durable-file";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-test-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a durable file", () => {
  it("is replaced as a whole, with the mode that was asked for", () => {
    const file = join(directory, "file");
    writeFileSync(file, "old", { mode: 0o644 });
    replaceFile(file, "new", 0o600);
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["new", 0o600]);
  });

  it("is never made over one that is there", () => {
    const file = join(directory, "file");
    createFile(file, "first", 0o600);
    expect(() => createFile(file, "second", 0o600)).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(readFileSync(file, "utf8")).toBe("first");
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  it("leaves nothing behind when it cannot be put in place", () => {
    const inTheWay = join(directory, "taken");
    mkdirSync(join(inTheWay, "full"), { recursive: true });
    expect(() => replaceFile(inTheWay, "content", 0o600)).toThrow(
      expect.objectContaining({ code: "store-write-failed", remedy: expect.stringContaining("repeat") }),
    );
    expect(readdirSync(directory)).toEqual(["taken"]);
  });

  it("says to make the folder first when there is none", () => {
    expect(() => createFile(join(directory, "none", "file"), "", 0o600)).toThrow(
      expect.objectContaining({ code: "store-write-failed", remedy: expect.stringContaining("make the folder first") }),
    );
  });
});
