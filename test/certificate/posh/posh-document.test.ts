import { describe, expect, test } from "@jest/globals";
import { PoshDocumentError, readPoshDocument } from "../../../src/certificate/posh";
import { runs } from "../../fuzz-runs";
import { Chance } from "../../gateway/s2s/fuzz/chance";

const SHA256 = Buffer.alloc(32, 1);
const SHA512 = Buffer.alloc(64, 2);
const both = { "sha-256": SHA256.toString("base64"), "sha-512": SHA512.toString("base64") };
const text = (document: unknown) => JSON.stringify(document);

describe("a POSH document", () => {
  test("holds fingerprints, by the hash functions that count, and the seconds for which it holds", () => {
    const document = { fingerprints: [both, { "sha-256": both["sha-256"], "sha-1": "x" }], expires: 604800, more: 1 };
    expect(readPoshDocument(text(document))).toEqual({
      fingerprints: [{ "sha-256": SHA256, "sha-512": SHA512 }, { "sha-256": SHA256 }],
      expires: 604800,
    });
  });

  test("or says where they are", () => {
    const url = "https://hosting.example.net/.well-known/posh/xmpp-server.json";
    expect(readPoshDocument(text({ url, expires: 86400 }))).toEqual({ url, expires: 86400 });
  });

  test.each<[string, string, RegExp]>([
    ["no JSON", "<html>", /not JSON/],
    ["no object", "[]", /has to hold/],
    ["null", "null", /has to hold/],
    ["neither of both", text({ expires: 1 }), /has to hold/],
    ["no fingerprints", text({ fingerprints: [], expires: 1 }), /has to hold/],
    ["101 of them", text({ fingerprints: Array(101).fill(both), expires: 1 }), /has to hold/],
    [
      "a fingerprint in words",
      text({ fingerprints: [both["sha-256"]], expires: 1 }),
      /one of its fingerprints is no object/,
    ],
    ["a list for it", text({ fingerprints: [[both]], expires: 1 }), /one of its fingerprints is no object/],
    ["no time", text({ fingerprints: [both] }), /expires/],
    ["a time of 0", text({ fingerprints: [both], expires: 0 }), /expires/],
    ["a negative time", text({ url: "https://a.example", expires: -1 }), /expires/],
    ["a time in words", text({ fingerprints: [both], expires: "60" }), /expires/],
    ["a time without end", '{"url":"https://a.example","expires":1e999}', /expires/],
    ["no url", text({ url: "", expires: 1 }), /has to hold/],
    ["an endless url", text({ url: "a".repeat(2049), expires: 1 }), /has to hold/],
    ["a short hash", text({ fingerprints: [{ "sha-256": "AAAA" }], expires: 1 }), /its sha-256 is not 32 octets/],
    ["hex", text({ fingerprints: [{ "sha-512": "ab:cd" }], expires: 1 }), /its sha-512 is not 64 octets/],
    ["a number", text({ fingerprints: [{ "sha-256": 7 }], expires: 1 }), /its sha-256 is not 32 octets/],
  ])("is none with %s", (_, broken, reason) => {
    expect(() => readPoshDocument(broken)).toThrow(PoshDocumentError);
    expect(() => readPoshDocument(broken)).toThrow(reason);
  });

  test("is read or refused, whatever was done to it", () => {
    const pieces = [
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "null",
      "1e999",
      "-1",
      "\u0000",
      '"url"',
      '"__proto__"',
      "=",
      " ",
    ];
    const whole = text({ fingerprints: [both, both], expires: 60, url: "https://a.example" });
    const count = runs(2_000);
    let taken = 0;
    for (let seed = 1; seed <= count; seed++) {
      const chance = new Chance(seed);
      let broken = whole;
      for (let times = 1 + chance.below(3); times > 0; times--) {
        const at = chance.below(broken.length);
        broken = broken.slice(0, at) + (chance.once(3) ? "" : chance.of(pieces)) + broken.slice(at + chance.below(4));
      }
      try {
        const read = readPoshDocument(broken);
        taken++;
        expect(read.expires).toBeGreaterThan(0);
        if ("fingerprints" in read)
          for (const one of read.fingerprints)
            for (const hash of Object.values(one)) expect([32, 64]).toContain(hash.length);
        else expect(read.url.length).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof PoshDocumentError)) throw new Error(`seed ${seed}: ${broken}`, { cause: error });
      }
    }
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(count);
  });
});
