import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { digestOf, keepDocument, keptDocument } from "../../../src/gateway/live/kept-document";
import { createLog } from "../../../src/gateway/log";

let folder = "";
let lines: string[] = [];
const log = createLog((line) => void lines.push(line), "debug", Date.now);
const text = '{"format":"xmpp-edge-gateway",\n"x":"ü"}';
const kept = { text, digest: digestOf(text), source: "s3://bucket/key", at: 1_700_000_000_000, version: "v7" };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-kept-"));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("comes back as it was kept, over what was kept before, for our own eyes only", async () => {
  await keepDocument(folder, { ...kept, digest: digestOf("{}"), text: "{}" });
  await keepDocument(folder, kept);
  await expect(keptDocument(folder, log)).resolves.toEqual(kept);
  expect(readdirSync(folder)).toEqual(["last-document.json"]);
  expect(statSync(join(folder, "last-document.json")).mode & 0o777).toBe(0o600);
});

test("what a killed process left half-written is written over, and nothing else stays", async () => {
  writeFileSync(join(folder, "last-document.json.new"), "half", { mode: 0o644 });
  await keepDocument(folder, kept);
  expect(readdirSync(folder)).toEqual(["last-document.json"]);
  expect(statSync(join(folder, "last-document.json")).mode & 0o777).toBe(0o600);
});

test("nothing is kept in an empty state, and that is nothing to speak of", async () => {
  await expect(keptDocument(folder, log)).resolves.toBeUndefined();
  await expect(keptDocument(join(folder, "none"), log)).resolves.toBeUndefined();
  expect(lines).toEqual([]);
});

test.each<[string, (content: string) => string]>([
  ["cut", (content) => content.slice(0, -5)],
  ["changed", (content) => content.replace("ü", "u")],
  ["without its first line", (content) => content.slice(content.indexOf("\n") + 1)],
  ["empty", () => ""],
])("what is %s is not run", async (_name, damage) => {
  await keepDocument(folder, kept);
  const file = join(folder, "last-document.json");
  writeFileSync(file, damage(readFileSync(file, "utf8")));
  await expect(keptDocument(folder, log)).resolves.toBeUndefined();
  expect(lines.join()).toMatch(/last-document-damaged/);
});
