import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AcmeState, type StoredOrder } from "../../../src/certificate/acme/acme-state";

const directory = "https://ca.example/directory";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-acme-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const order: StoredOrder = {
  names: ["contoso.example"],
  key: { type: "RSA", bits: 2048 },
  keyPem: "key",
  csrPem: "csr",
  url: "https://ca.example/order/1",
  records: [{ owner: "_acme-challenge.contoso.example", ttl: 60, type: "TXT", text: "value" }],
};

/** The one folder that a directory has, and its files. */
function files(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}

test("what was written is read by whoever comes next, until it is taken away", () => {
  const state = new AcmeState(folder, directory);
  state.order = order;
  state.accountUrl = "https://ca.example/account/1";
  state.attempts = { failures: 2, notBefore: 5, reason: "because" };
  const next = new AcmeState(folder, directory);
  expect(next.order).toEqual(order);
  expect(next.accountUrl).toBe("https://ca.example/account/1");
  expect(next.attempts?.failures).toBe(2);
  next.order = undefined;
  expect(new AcmeState(folder, directory).order).toBeUndefined();
});

test("the account's key is made once and stays", () => {
  expect(new AcmeState(folder, directory).accountKeyPem()).toBe(new AcmeState(folder, directory).accountKeyPem());
});

test("what a killed process left unfinished is swept an hour later, for there may be keys in it", () => {
  new AcmeState(folder, directory).order = order;
  const left = (name: string) => join(files().find((file) => file.endsWith("order.json"))!, "..", name);
  const [old, fresh] = [left(".unfinished-order.json-0"), left(".unfinished-order.json-1")];
  for (const file of [old, fresh]) writeFileSync(file, "key", { mode: 0o600 });
  const then = new Date(Date.now() - 3_700_000);
  utimesSync(old, then, then);
  expect(new AcmeState(folder, directory).order).toEqual(order);
  expect(files()).toContain(fresh);
  expect(files()).not.toContain(old);
});

test("another directory gets nothing of it", () => {
  const state = new AcmeState(folder, directory);
  state.order = order;
  const other = new AcmeState(folder, "https://ca.example/other");
  expect(other.order).toBeUndefined();
  expect(other.accountKeyPem()).not.toBe(state.accountKeyPem());
});

test("every file and folder is its owner's alone, and one that is not is refused", () => {
  const state = new AcmeState(folder, directory);
  state.accountKeyPem();
  state.order = order;
  expect(
    files()
      .map((file) => (statSync(file).mode & 0o777).toString(8))
      .sort(),
  ).toEqual(["600", "600", "700"]);
  const key = files().find((file) => file.endsWith("account.key"))!;
  writeFileSync(key, "x");
  chmodSync(key, 0o644);
  expect(() => state.accountKeyPem()).toThrow(expect.objectContaining({ code: "store-open-to-others" }));
});

test.each(["", "{", "[]", '{"names":[]}', "\0\0\0\0"])(
  "a damaged order (%j) is an error that names the file",
  (text) => {
    const state = new AcmeState(folder, directory);
    state.order = order;
    const file = files().find((one) => one.endsWith("order.json"))!;
    writeFileSync(file, text);
    expect(() => state.order).toThrow(
      expect.objectContaining({ code: "acme-state", message: expect.stringContaining("order.json") }),
    );
  },
);
