import { describe, expect, jest, test } from "@jest/globals";
import { encode } from "dns-packet";
import fc from "fast-check";
import { readAnswer } from "../../../src/dns/resolver";
import { decodeResponse, encodeQuery } from "../../../src/dns/resolver/message";
import { MalformedMessage } from "../../../src/dns/resolver/message-structure";

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
      { numRuns: 1000 },
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
