import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { AdminError } from "../../../src/gateway/admin/admin-error";
import { keptToken } from "../../../src/gateway/admin/kept-token";
import { stateFolder } from "../store/state-folder";

const bytes = (value: number) => (count: number) => Buffer.alloc(count, value);
const none = () => {
  throw new Error("no randomness is needed");
};

test("a token of 32 bytes is made once, for its owner alone, and read from then on", () => {
  const folder = stateFolder();
  const path = join(folder, "sandbox.token");
  expect(keptToken(folder, "sandbox.token", bytes(0xab))).toBe("ab".repeat(32));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toBe(`${"ab".repeat(32)}\n`);
  expect(readdirSync(folder)).toEqual(["sandbox.token"]);
  expect(keptToken(folder, "sandbox.token", none)).toBe("ab".repeat(32));
});

test("a token that others could read is closed to them", () => {
  const folder = stateFolder();
  keptToken(folder, "sandbox.token", bytes(1));
  chmodSync(join(folder, "sandbox.token"), 0o644);
  keptToken(folder, "sandbox.token", none);
  expect(statSync(join(folder, "sandbox.token")).mode & 0o777).toBe(0o600);
});

test("an interrupted start leaves no half of a token", () => {
  const folder = stateFolder();
  writeFileSync(join(folder, "sandbox.token.new"), "abc", { mode: 0o644 });
  expect(keptToken(folder, "sandbox.token", bytes(2))).toBe("02".repeat(32));
  expect(statSync(join(folder, "sandbox.token")).mode & 0o777).toBe(0o600);
});

test.each<[string, (path: string) => void]>([
  ["an empty file", (path) => writeFileSync(path, "")],
  ["a short token", (path) => writeFileSync(path, "ab".repeat(31))],
  ["something else", (path) => writeFileSync(path, "secret!".repeat(10))],
  ["a directory", (path) => mkdirSync(path)],
])("%s in its place is refused without being shown", (_name, make) => {
  const folder = stateFolder();
  make(join(folder, "sandbox.token"));
  let error: unknown;
  try {
    keptToken(folder, "sandbox.token", none);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(AdminError);
  expect(error).toMatchObject({ code: "token-unusable", message: expect.stringContaining("sandbox.token") });
  expect((error as Error).message).not.toContain("secret!");
});

test("the two tokens have nothing to do with each other", () => {
  const folder = stateFolder();
  expect(keptToken(folder, "sandbox.token", bytes(1))).toBe("01".repeat(32));
  expect(keptToken(folder, "admin.token", bytes(2))).toBe("02".repeat(32));
  expect(keptToken(folder, "sandbox.token", none)).toBe("01".repeat(32));
});
