import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const ROOT = join(__dirname, "..", "..");
const MAIN = join(ROOT, "dist", "cli", "main.js");
let folder: string;

beforeEach(() => {
  if (!existsSync(MAIN)) spawnSync("sh", [join(ROOT, "scripts", "prepare.sh")], { stdio: "inherit" });
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-compiled-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = () => join(folder, "xmpp-edge", "compiled");
function ends(...argv: string[]) {
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  const env = { ...environment, XDG_CACHE_HOME: folder };
  return spawnSync(process.execPath, [MAIN, ...argv], { encoding: "utf8", env });
}

test("what was compiled is kept in the user's cache, and a command with it says the same", () => {
  const first = ends("dns", "explain", "srv-port");
  expect(first).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(kept())).not.toEqual([]);
  expect(ends("dns", "explain", "srv-port")).toMatchObject({ status: 0, stdout: first.stdout, stderr: "" });
});

test("run keeps nothing: it stays, and memory counts", () => {
  expect(ends("run", "--help").status).toBe(0);
  expect(existsSync(kept())).toBe(false);
});

test("where nothing can be kept, nothing is said of it", () => {
  mkdirSync(join(folder, "xmpp-edge"));
  writeFileSync(kept(), "a file where the folder would be");
  expect(ends("dns", "explain", "srv-port")).toMatchObject({ status: 0, stderr: "" });
});
