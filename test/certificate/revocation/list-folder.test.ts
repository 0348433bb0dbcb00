import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { MAXIMUM_LIST_BYTES } from "../../../src/certificate/revocation/crl";
import { LIST_FOLDER_LIMITS, ListFolder } from "../../../src/certificate/revocation/list-folder";
import { OpensslCa } from "./openssl-ca";

let ca: OpensslCa;
let first: Buffer;
let second: Buffer;
let directory: string;
beforeAll(() => {
  ca = new OpensslCa();
  ca.issue("one");
  first = ca.list();
  ca.revoke("one");
  second = ca.list();
});
afterAll(() => ca.remove());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "xmpp-edge-lists-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Whole, by renaming, as everybody should. */
function put(name: string, content: string | Buffer): void {
  writeFileSync(join(directory, ".new"), content);
  renameSync(join(directory, ".new"), join(directory, name));
}
const sizes = (folder: ListFolder) => folder.of(ca.ca.certificate.subjectKey).map(({ size }) => size);

test("lists are found by their CA, in DER and PEM; other files are not read", async () => {
  put("der.crl", first);
  put("pem.crl", `A list\n-----BEGIN X509 CRL-----\n${second.toString("base64")}\n-----END X509 CRL-----\n`);
  put("readme.txt", "no list");
  const folder = new ListFolder(directory);
  expect(await folder.look()).toEqual({ changed: ["der.crl", "pem.crl"], faults: [] });
  expect(sizes(folder)).toEqual([0, 1]);
  expect(folder.of("another CA")).toEqual([]);
  expect(folder.size).toBe(2);
});

test("a new list takes the place of the old one, and one that is gone is gone", async () => {
  put("ca.crl", first);
  const folder = new ListFolder(directory);
  await folder.look();
  expect(await folder.look()).toEqual({ changed: [], faults: [] });
  put("ca.crl", second);
  expect(await folder.look()).toEqual({ changed: ["ca.crl"], faults: [] });
  expect(sizes(folder)).toEqual([1]);
  rmSync(join(directory, "ca.crl"));
  expect(await folder.look()).toEqual({ changed: ["ca.crl"], faults: [] });
  expect(sizes(folder)).toEqual([]);
});

test.each<[string, () => Buffer, RegExp]>([
  ["half written", () => second.subarray(0, 100), /^ca\.crl: it is no revocation list/],
  ["a web page", () => Buffer.from("<!doctype html>"), /^ca\.crl: it is no revocation list/],
  ["too large", () => Buffer.alloc(MAXIMUM_LIST_BYTES + 1), /^ca\.crl: \d+ bytes are more than is read/],
])("what is %s leaves the list of before, and is told once", async (_, content, fault) => {
  put("ca.crl", second);
  const folder = new ListFolder(directory);
  await folder.look();
  put("ca.crl", content());
  expect(await folder.look()).toEqual({ changed: [], faults: [expect.stringMatching(fault)] });
  expect(await folder.look()).toEqual({ changed: [], faults: [] });
  expect(sizes(folder)).toEqual([1]);
  put("ca.crl", first);
  expect(await folder.look()).toEqual({ changed: ["ca.crl"], faults: [] });
});

test("a directory that cannot be read is told once, and keeps what was read", async () => {
  put("ca.crl", second);
  const folder = new ListFolder(directory);
  await folder.look();
  renameSync(directory, `${directory}.away`);
  try {
    expect(await folder.look()).toEqual({ changed: [], faults: ["the directory cannot be read: ENOENT"] });
    expect(await folder.look()).toEqual({ changed: [], faults: [] });
    expect(sizes(folder)).toEqual([1]);
  } finally {
    renameSync(`${directory}.away`, directory);
  }
});

test("no more files are read than are bounded", async () => {
  for (let index = 0; index <= LIST_FOLDER_LIMITS.files; index++) put(`${1000 + index}.crl`, first);
  const folder = new ListFolder(directory);
  const { faults } = await folder.look();
  expect(faults).toEqual([
    `${LIST_FOLDER_LIMITS.files + 1} files: those after the first ${LIST_FOLDER_LIMITS.files} are not read`,
  ]);
  expect(folder.size).toBe(LIST_FOLDER_LIMITS.files);
});
