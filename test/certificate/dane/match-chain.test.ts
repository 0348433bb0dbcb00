import { createHash, X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import {
  matchingRecords,
  readTlsa,
  recordFor,
  type TlsaRecord,
  tlsaText,
  unusableBecause,
} from "../../../src/certificate/dane";
import { type Issued, issue, SERVER_AUTH } from "../authority";

let root: Issued;
let issuing: Issued;
let leaf: Issued;
let stranger: Issued;

beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true });
  issuing = await issue({ subject: "CN=Issuing", issuer: root, ca: true });
  leaf = await issue({ subject: "CN=edge", issuer: issuing, names: ["edge.example"], purposes: [SERVER_AUTH] });
  stranger = await issue({ subject: "CN=Stranger", ca: true });
});

const keyOf = ({ certificate }: Issued) => Buffer.from(certificate.publicKey.rawData);
const hash = (name: "sha256" | "sha512", octets: Buffer) => createHash(name).update(octets).digest();
const record = (usage: number, selector: number, matching: number, of: Issued): TlsaRecord => {
  const octets = selector === 0 ? of.der : keyOf(of);
  const association = matching === 0 ? octets : hash(matching === 1 ? "sha256" : "sha512", octets);
  return { usage, selector, matching, association };
};
const chain = () => [leaf.der, issuing.der];
const matches = (one: TlsaRecord, of = chain()) => matchingRecords([one], of).length === 1;

describe("a chain agrees with a record", () => {
  const selectors = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching] as const));

  test.each(selectors)("of the server's own certificate, selector %d, matching type %d", (selector, matching) => {
    for (const usage of [1, 3]) {
      expect(matches(record(usage, selector, matching, leaf))).toBe(true);
      expect(matches(record(usage, selector, matching, issuing))).toBe(false);
    }
  });

  test.each(selectors)("of a certificate above it, selector %d, matching type %d", (selector, matching) => {
    for (const usage of [0, 2]) {
      expect(matches(record(usage, selector, matching, issuing))).toBe(true);
      expect(matches(record(usage, selector, matching, leaf))).toBe(false);
      // It is sent along, and issued nothing.
      expect(matches(record(usage, selector, matching, stranger), [...chain(), stranger.der])).toBe(false);
    }
  });

  test("of an anchor that is in the record and not sent", () => {
    expect(matches(record(2, 0, 0, root))).toBe(true);
    expect(matches(record(2, 0, 0, stranger))).toBe(false);
    // Of a digest nobody can make a certificate.
    expect(matches(record(2, 0, 1, root))).toBe(false);
    expect(matches(record(2, 0, 1, root), [...chain(), root.der])).toBe(true);
  });

  test("in whatever order it was sent", () => {
    expect(matches(record(2, 1, 1, root), [leaf.der, root.der, issuing.der])).toBe(true);
  });
});

test("nothing agrees with no chain, with octets that are no certificate, with a record that cannot be used", () => {
  expect(matches(record(3, 1, 1, leaf), [])).toBe(false);
  expect(matches(record(3, 1, 1, leaf), [Buffer.from("no certificate")])).toBe(false);
  expect(matches({ ...record(3, 1, 1, leaf), usage: 4 })).toBe(false);
});

test("the record to publish is of the key, by SHA-256", () => {
  expect(recordFor(leaf.der)).toEqual(record(3, 1, 1, leaf));
  expect(recordFor(Buffer.alloc(3))).toBeUndefined();
  expect(tlsaText(recordFor(leaf.der)!)).toBe(`3 1 1 ${hash("sha256", keyOf(leaf)).toString("hex")}`);
});

describe("a record", () => {
  test.each([
    ["", undefined],
    ["0301", undefined],
    [`030101${"ab".repeat(32)}`, "good"],
    [`030102${"ab".repeat(64)}`, "good"],
    ["03010030", "good"],
    [`030101${"ab".repeat(31)}`, "31 octets of a digest that has 32"],
    [`030102${"ab".repeat(32)}`, "32 octets of a digest that has 64"],
    ["030101", "no association data"],
    [`040101${"ab".repeat(32)}`, "certificate usage 4: there are 0 to 3"],
    [`030201${"ab".repeat(32)}`, "selector 2: there are 0 and 1"],
    [`030103${"ab".repeat(32)}`, "matching type 3: there are 0 to 2"],
  ])("%s", (data, said) => {
    const read = readTlsa(Buffer.from(data, "hex"));
    expect(read === undefined ? undefined : (unusableBecause(read) ?? "good")).toBe(said);
  });
});

describe("certificates of one name", () => {
  afterEach(() => void jest.restoreAllMocks());

  test("cost so many signatures and no more, for all servers of a domain together", async () => {
    const namesakes = await Promise.all(Array.from({ length: 15 }, () => issue({ subject: "CN=Issuing", ca: true })));
    const presented = [leaf.der, ...namesakes.map(({ der }) => der)];
    const verify = jest.spyOn(X509Certificate.prototype, "verify");
    for (let server = 0; server < 32; server++) matchingRecords([record(2, 1, 1, stranger)], presented);
    expect(verify.mock.calls.length).toBeGreaterThan(0);
    expect(verify.mock.calls.length).toBeLessThanOrEqual(32);
    expect(matches(record(2, 1, 1, issuing), [...presented.slice(0, 1), issuing.der])).toBe(true);
  });
});
