import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { encode } from "dns-packet";
import fc from "fast-check";
import { signMessage, verifyResponse } from "../../../src/dns/host/tsig";
import { parseTsigKey } from "../../../src/dns/host/tsig-key";

const secret = Buffer.from("a secret of enough octets");
const key = parseTsigKey(`hmac-sha256:update:${secret.toString("base64")}`);
const now = Date.parse("2030-06-15T12:00:00Z");
const question = { questions: [{ name: "contoso.example", type: "SOA" as const }] };
const request = signMessage(encode({ type: "query", id: 4711, ...question }), key, now);

const NAME = Buffer.from("\x06update\0", "latin1");
const ALGORITHM = Buffer.from("\x0bhmac-sha256\0", "latin1");
const short = (...numbers: number[]) => Buffer.from(numbers.flatMap((number) => [number >> 8, number & 255]));

/** A signed response, put together from RFC 8945 without the code under test. */
function response({
  at = now,
  name = NAME,
  mac = request.mac,
  error = 0,
  signed = true,
}: {
  at?: number;
  name?: Buffer;
  mac?: Buffer;
  error?: number;
  signed?: boolean;
} = {}): Buffer {
  const bare = encode({ type: "response", id: 4711, ...question });
  const seconds = Buffer.alloc(6);
  seconds.writeUIntBE(Math.floor(at / 1000), 0, 6);
  const variables = Buffer.concat([name, short(255, 0, 0), ALGORITHM, seconds, short(300, error, 0)]);
  const digest = createHmac("sha256", secret)
    .update(Buffer.concat([short(mac.length), mac, bare, variables]))
    .digest();
  const signature = signed ? digest : Buffer.alloc(0);
  const data = Buffer.concat([ALGORITHM, seconds, short(300, signature.length), signature, short(4711, error, 0)]);
  const whole = Buffer.concat([bare, name, short(250, 255, 0, 0, data.length), data]);
  whole.writeUInt16BE(1, 10);
  return whole;
}

describe("a response's signature", () => {
  test("that is good comes off, and the message is as it was before", () => {
    expect(verifyResponse(response(), key, request.mac, now)).toEqual(
      encode({ type: "response", id: 4711, ...question }),
    );
  });

  test.each<[string, Buffer, RegExp]>([
    ["is missing", encode({ type: "response", id: 4711, ...question }), /not signed/],
    ["is another key's", response({ name: Buffer.from("\x05other\0", "latin1") }), /another key/],
    ["was made an hour ago", response({ at: now - 3_600_000 }), /another time/],
    ["was made for another request", response({ mac: Buffer.alloc(32) }), /signature is wrong/],
    ["is empty, for the server knows no such key", response({ signed: false, error: 17 }), /BADKEY/],
    ["is empty, for ours was wrong", response({ signed: false, error: 16 }), /BADSIG/],
    ["is good, and says that our clock is wrong", response({ error: 18 }), /BADTIME/],
  ])("that %s is refused", (_, message, why) => {
    expect(() => verifyResponse(message, key, request.mac, now)).toThrow(why);
  });

  test("is refused with any bit behind the id changed, or taken off with the message as it was", () => {
    const good = response();
    const bare = verifyResponse(good, key, request.mac, now);
    fc.assert(
      // The id is replaced by the signed one (RFC 8945 section 5.3), and a TSIG record's own TTL is not signed.
      fc.property(fc.integer({ min: 16, max: good.length * 8 - 1 }), (bit) => {
        const bad = Buffer.from(good);
        bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        let taken: Buffer | undefined;
        try {
          taken = verifyResponse(bad, key, request.mac, now);
        } catch {
          return; // refused
        }
        expect(taken).toEqual(bare);
      }),
      { numRuns: 500 },
    );
  });
});
