import { describe, expect, jest, test } from "@jest/globals";
import { type Answer, decode, encode } from "dns-packet";
import fc from "fast-check";
import { readAnswer } from "../../../src/dns/resolver";
import { decodeResponse, encodeQuery } from "../../../src/dns/resolver/message";
import { MalformedMessage } from "../../../src/dns/resolver/message-structure";
import { runs } from "../../fuzz-runs";

const OWNER = "_xmpp-server._tcp.contoso.example";
const QUESTION = { name: OWNER, type: "SRV" } as const;

/** Reads octets; what is no message has to be told by the one error made for that. */
function read(bytes: Buffer): "read" | "malformed" {
  try {
    readAnswer(decodeResponse(bytes), QUESTION, 2);
    return "read";
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedMessage);
    return "malformed";
  }
}

describe("octets from the network", () => {
  test("are read or malformed, never anything else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void read(Buffer.from(bytes))));
  });

  test("that start like a message are read or malformed, never anything else", () => {
    const header = fc.tuple(fc.nat(2), fc.nat(4), fc.nat(3), fc.nat(2)).map((counts) => {
      const bytes = Buffer.alloc(12);
      bytes.writeUInt16BE(0x8400, 2);
      for (const [i, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * i);
      return bytes;
    });
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 200 }), (start, rest) => void read(Buffer.concat([start, rest]))),
      { numRuns: runs(1000) },
    );
  });

  test("of 64 KiB that point back and back are refused before they are followed far", () => {
    const bytes = Buffer.alloc(65_535, 0xc0);
    bytes.writeUInt16BE(0x8400, 2);
    bytes.writeUInt16BE(0xffff, 4);
    bytes.writeUInt16BE(0xffff, 6);
    const steps = jest.spyOn(Buffer.prototype, "readUInt16BE");
    expect(read(bytes)).toBe("malformed");
    expect(steps.mock.calls.length).toBeGreaterThan(0);
    expect(steps.mock.calls.length).toBeLessThan(bytes.length);
    steps.mockRestore();
  });
});

/** A record of every type that the survey's questions are answered with, and of some others. */
const RECORDS: Answer[] = [
  { type: "A", name: "a.example", ttl: 1, data: "192.0.2.1" },
  { type: "AAAA", name: "a.example", ttl: 1, data: "2001:db8::1" },
  { type: "NS", name: "example", ttl: 1, data: "ns.example" },
  { type: "CNAME", name: "b.example", ttl: 1, data: "a.example" },
  { type: "DNAME", name: "c.example", ttl: 1, data: "a.example" },
  { type: "PTR", name: "1.2.0.192.in-addr.arpa", ttl: 1, data: "a.example" },
  { type: "SRV", name: OWNER, ttl: 1, data: { priority: 1, weight: 2, port: 5269, target: "a.example" } },
  {
    type: "SOA",
    name: "example",
    ttl: 1,
    data: { mname: "ns.example", rname: "x.example", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
  },
  { type: "TXT", name: "example", ttl: 1, data: ["one", "two"] },
  { type: "MX", name: "example", ttl: 1, data: { preference: 1, exchange: "a.example" } },
  { type: "CAA", name: "example", ttl: 1, data: { flags: 0, tag: "issue", value: "ca.example" } },
  { type: "DS", name: "example", ttl: 1, data: { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32) } },
  { type: "DNSKEY", name: "example", ttl: 1, data: { flags: 257, algorithm: 13, key: Buffer.alloc(64) } },
  {
    type: "RRSIG",
    name: "example",
    ttl: 1,
    data: {
      ...{ typeCovered: "SOA", algorithm: 13, labels: 1, originalTTL: 1, expiration: 3, inception: 2, keyTag: 1 },
      ...{ signersName: "example", signature: Buffer.alloc(64) },
    },
  },
  { type: "NSEC", name: "example", ttl: 1, data: { nextDomain: "a.example", rrtypes: ["A", "SRV", "CAA"] } },
  {
    type: "NSEC3",
    name: "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example",
    ttl: 1,
    data: {
      ...{ algorithm: 1, flags: 0, iterations: 0, salt: Buffer.alloc(0), nextDomain: Buffer.alloc(20) },
      rrtypes: ["A"],
    },
  },
  {
    type: "TLSA",
    name: OWNER,
    ttl: 1,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
  },
];

const record = fc.constantFrom(...RECORDS);
const section = fc.array(record, { maxLength: 3 });
const message = fc
  .record({ answers: section, authorities: section, additionals: section })
  .map((sections) => encode({ type: "response", id: 1, flags: 1 << 10, questions: [QUESTION], ...sections }));

/** What the decoder makes of the whole message at once; undefined where it does not read all of it. */
function decodedWhole(bytes: Buffer) {
  try {
    const { questions, answers, authorities, additionals = [] } = decode(bytes);
    if (decode.bytes !== bytes.length) return undefined;
    return { questions, answers, authorities, additionals: additionals.filter(({ type }) => type !== "OPT") };
  } catch {
    return undefined;
  }
}

function readInParts(bytes: Buffer) {
  const { questions, answers, authorities, additionals } = decodeResponse(bytes);
  return { questions, answers, authorities, additionals };
}

describe("records read when they are looked at", () => {
  test("are those that the decoder finds in the message", () => {
    fc.assert(
      fc.property(message, (bytes) => {
        expect(readInParts(bytes)).toEqual(decodedWhole(bytes));
      }),
    );
  });

  test("of a message that came damaged, too, or it is malformed at once", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    let accepted = 0;
    fc.assert(
      fc.property(message, damage, (bytes, changes) => {
        // Not the header: that it is no response is another matter.
        for (const [at, octet] of changes) bytes[12 + (at % (bytes.length - 12))] = octet;
        if (read(bytes) === "malformed") return;
        accepted++;
        expect(readInParts(bytes)).toEqual(decodedWhole(bytes));
      }),
      { numRuns: runs(1500) },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

test("a compressed SRV target is accepted, though RFC 2782 forbids senders to do so", () => {
  const question = encode({ type: "response", id: 1, flags: 1 << 10, questions: [QUESTION] });
  question.writeUInt16BE(1, 6);
  const owner = [0xc0, 12];
  const fixed = [0, 33, 0, 1, 0, 0, 1, 44];
  const target = [3, ...Buffer.from("sip"), 0xc0, 12 + "_xmpp-server._tcp.".length];
  const rdata = [0, 1, 0, 2, 0x14, 0x95, ...target];
  const bytes = Buffer.concat([question, Buffer.from([...owner, ...fixed, 0, rdata.length, ...rdata])]);
  expect(readAnswer(decodeResponse(bytes), QUESTION, 2)).toMatchObject({
    status: "found",
    ttl: 300,
    records: [{ priority: 1, weight: 2, port: 5269, target: "sip.contoso.example" }],
  });
});

test("queries ask for recursion and offer EDNS as told", () => {
  const bits = (edns: boolean, recursion: boolean) => {
    const bytes = encodeQuery(7, QUESTION, { edns, recursion });
    return { recursion: (bytes.readUInt16BE(2) & 0x0100) !== 0, additionals: bytes.readUInt16BE(10) };
  };
  expect(bits(true, true)).toEqual({ recursion: true, additionals: 1 });
  expect(bits(false, false)).toEqual({ recursion: false, additionals: 0 });
});

test("a name that does not exist and has records is neither: whoever reads it might believe either half", () => {
  const records: Answer[] = [{ type: "SRV", name: OWNER, ttl: 1, data: { port: 5269, target: "a.example" } }];
  const said = (code: number) =>
    decodeResponse(encode({ type: "response", id: 1, flags: 0x0400 | code, questions: [QUESTION], answers: records }));
  expect(readAnswer(said(0), QUESTION, 2)).toMatchObject({ status: "found" });
  expect(readAnswer(said(3), QUESTION, 2)).toMatchObject({ status: "failed", code: "malformed" });
});
