import { describe, expect, test } from "@jest/globals";
import { readSignedAnswer, TYPE } from "../../../../src/dns/resolver/dnssec/wire-record";
import { MalformedMessage } from "../../../../src/dns/resolver/message-structure";
import { wire } from "./signer";

const QUESTION = Buffer.concat([Buffer.from("\x03WWW\x07Contoso\x07example\x00", "latin1"), Buffer.from([0, 1, 0, 1])]);
/** Where the zone's name begins in the message. */
const ZONE = Buffer.from([0xc0, 16]);

/** A response to the question with records whose owner points into it. */
function response(type: number, data: Buffer, { count = 1, length = data.length, class_ = 1, rcode = 0 } = {}): Buffer {
  const header = Buffer.from([0, 0, 0x84, rcode, 0, 1, 0, count, 0, 0, 0, 0]);
  const fixed = Buffer.from([type >> 8, type & 0xff, 0, class_, 0, 0, 1, 44, length >> 8, length & 0xff]);
  return Buffer.concat([header, QUESTION, Buffer.from([0xc0, 12]), fixed, data]);
}

const target = Buffer.concat([Buffer.from("\x04XMPP", "latin1"), ZONE]);
const TARGET = wire("xmpp.contoso.example");

describe("the records of a response", () => {
  // RFC 4034 section 6.2: names inside the data that older servers may compress are written out in lower case.
  test.each([
    [
      "SRV",
      TYPE.SRV,
      Buffer.concat([Buffer.from([0, 1, 0, 2, 0x14, 0x95]), target]),
      Buffer.concat([Buffer.from([0, 1, 0, 2, 0x14, 0x95]), TARGET]),
    ],
    ["MX", TYPE.MX, Buffer.concat([Buffer.from([0, 9]), target]), Buffer.concat([Buffer.from([0, 9]), TARGET])],
    ["NS", TYPE.NS, target, TARGET],
    ["CNAME", TYPE.CNAME, target, TARGET],
    ["DNAME", TYPE.DNAME, target, TARGET],
    ["PTR", TYPE.PTR, target, TARGET],
    [
      "SOA",
      TYPE.SOA,
      Buffer.concat([target, target, Buffer.alloc(20, 3)]),
      Buffer.concat([TARGET, TARGET, Buffer.alloc(20, 3)]),
    ],
  ])("are read into canonical form: %s", (_, type, data, canonical) => {
    const { answers } = readSignedAnswer(response(type, data));
    expect(answers).toEqual([{ owner: wire("www.contoso.example"), type, ttl: 300, data: canonical }]);
  });

  test("keep the case of the next name in NSEC, which is signed as it is (RFC 6840 section 5.1)", () => {
    const data = Buffer.concat([Buffer.from("\x03NeW\x07Contoso\x07example\x00", "latin1"), Buffer.from([0, 1, 0x40])]);
    expect(readSignedAnswer(response(TYPE.NSEC, data)).answers[0]?.data).toEqual(data);
  });

  test("of another class than IN are passed over", () => {
    expect(readSignedAnswer(response(TYPE.A, Buffer.alloc(4), { class_: 3 })).answers).toEqual([]);
  });

  test("are told from a name that does not exist", () => {
    expect(readSignedAnswer(response(TYPE.A, Buffer.alloc(4))).exists).toBe(true);
    expect(readSignedAnswer(response(TYPE.A, Buffer.alloc(4), { rcode: 3 })).exists).toBe(false);
  });

  test.each([
    ["octets stand after its name", response(TYPE.NS, Buffer.concat([target, Buffer.from([0])]))],
    ["its name ends behind it", response(TYPE.NS, target, { length: target.length - 1 })],
    ["it is longer than the message", response(TYPE.A, Buffer.alloc(4), { length: 5 })],
    ["it is announced and missing", response(TYPE.A, Buffer.alloc(4), { count: 2 })],
    ["a service has no target", response(TYPE.SRV, Buffer.alloc(3))],
    ["a start of authority is cut short", response(TYPE.SOA, Buffer.concat([target, target, Buffer.alloc(19)]))],
    ["there is no header", Buffer.alloc(11)],
  ])("are malformed where %s", (_, message) => {
    expect(() => readSignedAnswer(message)).toThrow(MalformedMessage);
  });
});
