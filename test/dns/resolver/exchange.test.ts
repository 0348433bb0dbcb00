import { createSocket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Answer, encode, TRUNCATED_RESPONSE } from "dns-packet";
import fc from "fast-check";
import { type ExchangeOptions, exchange, type Question } from "../../../src/dns/resolver";
import { type Behaviour, type Query, type Responder, reply, startResponder } from "../responder";

const QUESTION: Question = { name: "sip.contoso.example", type: "A" };
const RECORD: Answer = { type: "A", name: "sip.contoso.example", ttl: 300, data: "198.51.100.7" };
/** With more patience than a busy machine needs for an answer that comes. */
const OPTIONS: ExchangeOptions = { recursion: true, patience: 1_000, timeout: 60_000 };

const running: Responder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((responder) => responder.close()));
});
async function responder(behaviour: Behaviour, options: { tcp?: boolean } = {}): Promise<Responder> {
  const started = await startResponder(behaviour, options);
  running.push(started);
  return started;
}

const good = (query: Query) => reply(query, [RECORD]);
const changed = (query: Query, change: (bytes: Buffer) => void) => {
  const bytes = good(query);
  change(bytes);
  return bytes;
};
const overTcpOnly =
  (udp: Behaviour): Behaviour =>
  (query) =>
    query.transport === "tcp" ? [good(query)] : udp(query);

test("an answer is taken at once", async () => {
  const server = await responder((query) => [good(query)]);
  const outcome = await exchange(QUESTION, server, OPTIONS);
  expect(outcome).toMatchObject({
    status: "answered",
    transport: "udp",
    message: { code: "NOERROR", authoritative: true },
  });
  expect(server.asked).toEqual(["udp+edns"]);
});

test("the question's case is the server's to keep or not", async () => {
  const upper = { name: "SIP.CONTOSO.EXAMPLE", type: "A", class: "IN" } as const;
  const server = await responder((query) => [reply(query, [RECORD], { questions: [upper] })]);
  expect(await exchange(QUESTION, server, OPTIONS)).toMatchObject({ status: "answered" });
});

describe("what is asked in another way", () => {
  test.each<[string, Behaviour, string[]]>([
    ["silence to EDNS: without it", (query) => (query.edns ? [] : [good(query)]), ["udp+edns", "udp"]],
    [
      "FORMERR to EDNS: without it",
      (query) => [query.edns ? reply(query, [], { code: "FORMERR" }) : good(query)],
      ["udp+edns", "udp"],
    ],
    [
      "FORMERR that repeats no question: without EDNS",
      (query) => [query.edns ? reply(query, [], { code: "FORMERR", questions: [] }) : good(query)],
      ["udp+edns", "udp"],
    ],
    [
      "BADVERS: without EDNS",
      (query) => [query.edns ? reply(query, [], { additionals: [badVersion] }) : good(query)],
      ["udp+edns", "udp"],
    ],
    ["silence over UDP: by TCP", overTcpOnly(() => []), ["udp+edns", "udp", "tcp"]],
    [
      "a truncated answer: by TCP",
      overTcpOnly((query) => [reply(query, [], { flags: TRUNCATED_RESPONSE })]),
      ["udp+edns", "tcp"],
    ],
  ])("%s", async (_, behaviour, asked) => {
    const server = await responder(behaviour);
    expect(await exchange(QUESTION, server, OPTIONS)).toMatchObject({
      status: "answered",
      message: { code: "NOERROR" },
    });
    expect(server.asked).toEqual(asked);
  });

  const badVersion: Answer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: 1232,
    extendedRcode: 1,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };

  test("a slow answer to the first way still counts while the second is tried", async () => {
    const server = await responder(async (query) => {
      if (!query.edns) return [];
      await delay(OPTIONS.patience + 60);
      return [good(query)];
    });
    expect(await exchange(QUESTION, server, OPTIONS)).toMatchObject({ status: "answered", transport: "udp" });
    expect(server.asked).toEqual(["udp+edns", "udp"]);
  });
});

describe("forgeries and mistakes do not win", () => {
  test.each<[string, (query: Query) => Buffer]>([
    ["another id", (query) => changed(query, (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1))],
    ["another name", (query) => reply(query, [RECORD], { questions: [{ ...QUESTION, name: "evil.example" }] })],
    ["another type", (query) => reply(query, [RECORD], { questions: [{ ...QUESTION, type: "AAAA" }] })],
    ["another class", (query) => reply(query, [RECORD], { questions: [{ ...QUESTION, class: "CH" }] })],
    ["no question", (query) => reply(query, [RECORD], { questions: [] })],
    ["two questions", (query) => reply(query, [RECORD], { questions: [QUESTION, QUESTION] })],
    ["a query", ({ packet }) => encode({ type: "query", id: packet.id!, questions: packet.questions! })],
    ["garbage", () => Buffer.from("this is no DNS message whatsoever")],
    ["one octet", () => Buffer.from([7])],
    ["a header alone that promises records", (query) => good(query).subarray(0, 12)],
    ["an answer cut short", (query) => good(query).subarray(0, -2)],
    ["octets behind the last record", (query) => Buffer.concat([good(query), Buffer.from([0])])],
    ["an address of 65535 octets", (query) => changed(query, (bytes) => bytes.writeUInt16BE(65_535, bytes.length - 6))],
    ["a name that points to itself", (query) => withOwner(query, Buffer.from([0xc0, 37]))],
    ["a name that points onward", (query) => withOwner(query, Buffer.from([0xc0, 60]))],
    ["a label with a dot inside", (query) => withOwner(query, Buffer.from("\x0bsip.contoso\x07example\0", "latin1"))],
    ["a label that is not printable", (query) => withOwner(query, Buffer.from("\x03a\0b\x07example\0", "latin1"))],
  ])("%s is passed over, the real answer behind it counts", async (_, forged) => {
    const server = await responder((query) => [forged(query), good(query)]);
    expect(await exchange(QUESTION, server, OPTIONS)).toMatchObject({
      status: "answered",
      message: { answers: [RECORD] },
    });
    expect(server.asked).toEqual(["udp+edns"]);
  });

  test.each<[string, Behaviour, string]>([
    ["silence everywhere", () => [], "timeout"],
    [
      "wrong ids alone",
      (query) => [changed(query, (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1))],
      "malformed",
    ],
    [
      "garbage with the right id alone",
      ({ packet }) => [Buffer.from([packet.id! >> 8, packet.id! & 255, 1])],
      "malformed",
    ],
    ["wrong questions alone", (query) => [reply(query, [], { questions: [{ ...QUESTION, name: "x" }] })], "malformed"],
    ["truncation over TCP too", (query) => [reply(query, [], { flags: TRUNCATED_RESPONSE })], "malformed"],
  ])("%s: failed, never absent", async (_, behaviour, code) => {
    const server = await responder(behaviour);
    expect(await exchange(QUESTION, server, { ...OPTIONS, patience: 300, timeout: 2_000 })).toMatchObject({
      status: "failed",
      code,
    });
  });

  test("truncation without TCP is named", async () => {
    const server = await responder((query) => [reply(query, [], { flags: TRUNCATED_RESPONSE })], { tcp: false });
    expect(await exchange(QUESTION, server, OPTIONS)).toMatchObject({ status: "failed", code: "truncated" });
  });

  test("the right answer from another port is not heard", async () => {
    const forger = createSocket("udp4");
    const server = await responder((query) => {
      forger.send(good(query), query.port, "127.0.0.1");
      return [];
    });
    expect(await exchange(QUESTION, server, { ...OPTIONS, timeout: 1_900 })).toMatchObject({ code: "timeout" });
    expect(server.asked).toEqual(["udp+edns", "udp"]);
    forger.close();
  });
});

/** The good answer with other octets for the owner of its record. */
function withOwner(query: Query, owner: Buffer): Buffer {
  const bytes = good(query);
  const question = 12 + "sip.contoso.example".length + 2 + 4;
  return Buffer.concat([bytes.subarray(0, question), owner, bytes.subarray(bytes.length - 14)]);
}

describe("bounds", () => {
  test("a closed port is told at once, not at the deadline", async () => {
    const gone = await startResponder(() => []);
    await gone.close();
    const started = performance.now();
    expect(await exchange(QUESTION, gone, { ...OPTIONS, patience: 50_000 })).toMatchObject({
      status: "failed",
      code: "unreachable",
    });
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test("an abort ends it at once", async () => {
    const server = await responder(() => []);
    const abort = new AbortController();
    const outcome = exchange(QUESTION, server, { ...OPTIONS, signal: abort.signal });
    abort.abort();
    expect(await outcome).toMatchObject({ status: "failed", code: "aborted" });
    expect(await exchange(QUESTION, server, { ...OPTIONS, signal: abort.signal })).toMatchObject({ code: "aborted" });
  });

  test("no time left is a time-out without a packet", async () => {
    const server = await responder((query) => [good(query)]);
    expect(await exchange(QUESTION, server, { ...OPTIONS, timeout: 0 })).toMatchObject({ code: "timeout" });
    expect(server.asked).toEqual([]);
  });

  test.each(["", ".", "a..b", `${"a".repeat(64)}.example`, "a.".repeat(130), "bücher.example", "a b.example", "a\0b"])(
    "the name %j is never asked",
    async (name) => {
      const server = await responder((query) => [good(query)]);
      expect(await exchange({ name, type: "A" }, server, OPTIONS)).toMatchObject({ code: "bad-name" });
      expect(server.asked).toEqual([]);
    },
  );

  test("more than two messages' worth over TCP is cut off", async () => {
    const flood = Array.from({ length: 8 }, () => Buffer.alloc(60_000, 1));
    const server = await responder(({ transport }) => (transport === "tcp" ? flood : []));
    const options = { ...OPTIONS, patience: 50, timeout: 3_000 };
    const outcome = await exchange(QUESTION, server, options);
    expect(outcome).toMatchObject({ status: "failed", reason: expect.stringMatching(/more than 131074 octets/) });
  });
});

test("no octets whatever make it throw or succeed", async () => {
  let octets = Buffer.alloc(0);
  const server = await responder(({ packet }) => {
    const bytes = Buffer.from(octets);
    if (bytes.length >= 2) bytes.writeUInt16BE(packet.id!);
    return [bytes];
  });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      octets = Buffer.from(bytes);
      const outcome = await exchange(QUESTION, server, { ...OPTIONS, patience: 20, timeout: 40 });
      expect(outcome.status).toBe("failed");
    }),
    { numRuns: 60 },
  );
});

test("an answer with any octet changed is read, failed or passed over, and never throws", async () => {
  let damage: readonly [number, number][] = [];
  const server = await responder((query) => [
    changed(query, (bytes) => {
      for (const [at, octet] of damage) bytes[2 + (at % (bytes.length - 2))] = octet;
    }),
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        damage = changes;
        const outcome = await exchange(QUESTION, server, { ...OPTIONS, patience: 20, timeout: 40 });
        expect(["answered", "failed"]).toContain(outcome.status);
      },
    ),
    { numRuns: 100 },
  );
});
