import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Answer, type DecodedPacket, decode, encode, type Packet } from "dns-packet";
import type { DnsRecord } from "../../../src/definition/facts";
import { ListenError, type RecordServer, type RecordServerOptions, serveRecords } from "../../../src/dns/server";

const HOST = "127.0.0.1";
const common = { ttl: 300, zone: "contoso.example", reason: "test" };
const SRV: DnsRecord = {
  ...common,
  type: "SRV",
  owner: "_xmpp-server._tcp.contoso.example",
  priority: 5,
  weight: 7,
  port: 5269,
  target: "sip.contoso.example",
};
const A: DnsRecord = { ...common, type: "A", owner: "sip.contoso.example", address: "198.51.100.7" };
const AAAA: DnsRecord = { ...common, type: "AAAA", owner: "sip.contoso.example", address: "2001:db8::7" };
const CAA: DnsRecord = {
  ...common,
  type: "CAA",
  owner: "contoso.example",
  flags: 0,
  tag: "issue",
  value: "ca.example",
};
const DEEPER: DnsRecord = { ...A, owner: "sip.emea.contoso.example", zone: "emea.contoso.example" };
const RECORDS = [SRV, A, AAAA, CAA, DEEPER];

const running: RecordServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
async function serve(options: Partial<RecordServerOptions> = {}): Promise<RecordServer> {
  const server = await serveRecords({ address: HOST, records: RECORDS, ...options });
  running.push(server);
  return server;
}

type Reply = DecodedPacket & { rcode: string };

/** Sends octets by UDP and gives the first reply, or undefined after `patience` milliseconds of silence. */
async function sendUdp(server: RecordServer, bytes: Buffer, patience = 30_000): Promise<Buffer | undefined> {
  const socket = createSocket("udp4");
  try {
    socket.send(bytes, server.port, server.address);
    const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(patience) })) as [Buffer];
    return reply;
  } catch (error) {
    if ((error as Error).name === "AbortError") return undefined;
    throw error;
  } finally {
    socket.close();
  }
}

const query = (name: string, type: string, more: Partial<Packet> = {}) =>
  encode({ type: "query", id: 4711, questions: [{ name, type: type as "A" }], ...more });
const OPT = (udpPayloadSize: number, ednsVersion = 0): Answer => ({
  type: "OPT",
  name: ".",
  udpPayloadSize,
  ednsVersion,
  extendedRcode: 0,
  flags: 0,
  flag_do: false,
  options: [],
});

async function ask(server: RecordServer, name: string, type: string, more: Partial<Packet> = {}): Promise<Reply> {
  return decode((await sendUdp(server, query(name, type, more)))!) as Reply;
}

describe("answers", () => {
  test.each([
    ["_xmpp-server._tcp.contoso.example", "SRV", { priority: 5, weight: 7, port: 5269, target: "sip.contoso.example" }],
    ["sip.contoso.example", "A", "198.51.100.7"],
    ["sip.contoso.example", "AAAA", "2001:db8::7"],
    ["sip.emea.contoso.example", "A", "198.51.100.7"],
    ["contoso.example", "NS", "ns.contoso.example"],
    ["ns.contoso.example", "A", HOST],
  ])("%s %s is answered with its record, authoritatively", async (name, type, data) => {
    const reply = await ask(await serve(), name, type);
    expect(reply).toMatchObject({ rcode: "NOERROR", flag_aa: true, flag_qr: true, flag_ra: false, id: 4711 });
    expect(reply.answers).toMatchObject([{ name, type, data }]);
  });

  test("CAA is answered with flags, tag and value", async () => {
    const reply = await ask(await serve(), "contoso.example", "CAA");
    expect(reply.answers).toMatchObject([{ data: { flags: 0, tag: "issue", value: "ca.example" }, ttl: 300 }]);
  });

  test.each([
    ["a name that is not there", "nothing.contoso.example", "A", "NXDOMAIN", "contoso.example"],
    ["a name without the type", "sip.contoso.example", "SRV", "NOERROR", "contoso.example"],
    ["a name that only has names below", "_tcp.contoso.example", "A", "NOERROR", "contoso.example"],
    ["a name in the deeper zone", "nothing.emea.contoso.example", "A", "NXDOMAIN", "emea.contoso.example"],
    ["a type we know nothing of", "sip.contoso.example", "TLSA", "NOERROR", "contoso.example"],
  ])("%s is denied with the SOA of its zone", async (_, name, type, rcode, zone) => {
    const reply = await ask(await serve(), name, type);
    expect(reply).toMatchObject({ rcode, flag_aa: true, answers: [] });
    expect(reply.authorities).toMatchObject([{ type: "SOA", name: zone, data: { minimum: 60 } }]);
  });

  test.each([
    ["a name outside our zones", "fabrikam.example", "A"],
    ["a name that only ends alike", "notcontoso.example", "A"],
    ["the root", ".", "NS"],
    ["a zone transfer", "contoso.example", "AXFR"],
  ])("%s is refused and not spoken for", async (_, name, type) => {
    expect(await ask(await serve(), name, type)).toMatchObject({ rcode: "REFUSED", flag_aa: false, answers: [] });
  });

  test("case does not matter, and comes back as it was asked", async () => {
    const name = "_XMPP-server._tCP.ContoSo.exAMPle";
    const reply = await ask(await serve(), name, "SRV");
    expect(reply.questions).toMatchObject([{ name }]);
    expect(reply.answers).toMatchObject([{ name, data: { target: "sip.contoso.example" } }]);
  });

  test("records given as a function are read at every question", async () => {
    let records = [A];
    const server = await serve({ records: () => records });
    expect((await ask(server, "sip.contoso.example", "A")).answers).toMatchObject([{ data: "198.51.100.7" }]);
    records = [{ ...A, address: "198.51.100.8" }];
    expect((await ask(server, "sip.contoso.example", "A")).answers).toMatchObject([{ data: "198.51.100.8" }]);
    expect(server.queries()).toBe(2);
  });
});

describe("SRV targets", () => {
  test("stand uncompressed, as RFC 2782 has it", async () => {
    const reply = (await sendUdp(await serve(), query("_xmpp-server._tcp.contoso.example", "SRV")))!;
    const name = Buffer.from("\x03sip\x07contoso\x07example\0", "latin1");
    expect(reply.subarray(-name.length)).toEqual(name);
  });

  test("are read by c-ares", async () => {
    const { address, port } = await serve();
    const resolver = new Resolver({ timeout: 30_000, tries: 1 });
    resolver.setServers([`${address}:${port}`]);
    expect(await resolver.resolveSrv("_xmpp-server._tcp.contoso.example")).toMatchObject([
      { name: "sip.contoso.example", port: 5269, priority: 5, weight: 7 },
    ]);
    await expect(resolver.resolveSrv("sip.contoso.example")).rejects.toMatchObject({ code: "ENODATA" });
    await expect(resolver.resolveSrv("x.contoso.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});

describe("what is no ordinary question", () => {
  const question = { name: "sip.contoso.example", type: "A" } as const;

  test("a response is never answered", async () => {
    const server = await serve();
    expect(await sendUdp(server, encode({ type: "response", id: 1, questions: [question] }), 200)).toBeUndefined();
    expect(server.queries()).toBe(0);
  });

  test.each([
    ["an update", { flags: 5 << 11 }, "NOTIMP"],
    ["no question", { questions: [] }, "FORMERR"],
    ["two questions", { questions: [question, question] }, "FORMERR"],
    ["another class", { questions: [{ ...question, class: "CH" as const }] }, "REFUSED"],
  ])("%s is turned down", async (_, more, rcode) => {
    expect(await ask(await serve(), question.name, "A", more)).toMatchObject({ rcode, answers: [] });
  });

  test("a question that ends early is a format error", async () => {
    const reply = await sendUdp(await serve(), query("sip.contoso.example", "A").subarray(0, 20));
    expect(decode(reply!)).toMatchObject({ rcode: "FORMERR" });
  });

  test("records that cannot be worked out are a server failure, not silence", async () => {
    const server = await serve({
      records: () => {
        throw new Error("no records");
      },
    });
    expect(await ask(server, "sip.contoso.example", "A")).toMatchObject({ rcode: "SERVFAIL", flag_aa: false });
  });

  test("records that cannot be encoded are a server failure, not silence", async () => {
    const server = await serve({ records: [{ ...AAAA, address: "no address" }] });
    expect(await ask(server, "sip.contoso.example", "AAAA")).toMatchObject({ rcode: "SERVFAIL", answers: [] });
  });

  test("garbage is survived", async () => {
    const server = await serve();
    await sendUdp(server, Buffer.from("no DNS at all, but long enough for a header"), 100);
    await sendUdp(server, Buffer.alloc(3), 100);
    expect(await ask(server, "sip.contoso.example", "A")).toMatchObject({ rcode: "NOERROR" });
  });
});

describe("EDNS", () => {
  test("is answered in kind, and only then", async () => {
    const server = await serve();
    const opt = { additionals: [OPT(4096)] };
    expect((await ask(server, "sip.contoso.example", "A", opt)).additionals).toMatchObject([
      { type: "OPT", udpPayloadSize: 1232 },
    ]);
    expect((await ask(server, "sip.contoso.example", "A")).additionals).toEqual([]);
  });

  test("of another version is turned down by BADVERS", async () => {
    const reply = await ask(await serve(), "sip.contoso.example", "A", { additionals: [OPT(1232, 1)] });
    expect(reply.additionals).toMatchObject([{ type: "OPT", extendedRcode: 1 }]);
  });

  const many = Array.from({ length: 200 }, (_, i): DnsRecord => ({ ...A, address: `198.51.100.${i}` }));
  test.each([
    ["512 octets without EDNS", 30, {}],
    ["1232 octets however much is offered", 100, { additionals: [OPT(65_535)] }],
  ])("an answer of more than %s is truncated, and keeps its OPT record", async (_, count, more) => {
    const reply = await ask(await serve({ records: many.slice(0, count) }), "sip.contoso.example", "A", more);
    expect(reply).toMatchObject({ flag_tc: true, answers: [], questions: [{ name: "sip.contoso.example" }] });
    expect(reply.additionals?.length).toBe("additionals" in more ? 1 : 0);
  });

  test("an answer too long for a datagram is whole over TCP", async () => {
    const server = await serve({ records: many });
    const client = connect(server.port, server.address);
    const bytes = query("sip.contoso.example", "A");
    client.write(Buffer.concat([Buffer.from([0, bytes.length]), bytes]));
    const reply = await readMessage(client);
    client.destroy();
    expect(decode(reply).answers).toHaveLength(200);
  });
});

async function readMessage(client: Socket): Promise<Buffer> {
  let received = Buffer.alloc(0);
  for await (const bytes of client as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, bytes]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) return received.subarray(2);
  }
  throw new Error("the server closed without an answer");
}

describe("start and stop", () => {
  test("UDP and TCP share one free port at the given address alone", async () => {
    const server = await serve({ address: "127.0.0.3" });
    expect(await ask(server, "sip.contoso.example", "A")).toMatchObject({ rcode: "NOERROR" });
    const elsewhere = connect(server.port, "127.0.0.4");
    await expect(once(elsewhere, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("IPv6 addresses are served", async () => {
    const server = await serve({ address: "::1" });
    const resolver = new Resolver({ timeout: 30_000, tries: 1 });
    resolver.setServers([`[::1]:${server.port}`]);
    expect(await resolver.resolve4("sip.contoso.example")).toEqual(["198.51.100.7"]);
  });

  test("a port taken by TCP is told", async () => {
    const other = createServer().listen(0, HOST);
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    await expect(serve({ port })).rejects.toMatchObject({ code: "dns-listen", address: HOST, port });
    other.close();
  });

  test("a port taken by UDP is told, and TCP is given back", async () => {
    const other = createSocket("udp4").bind(0, HOST);
    await once(other, "listening");
    const { port } = other.address();
    await expect(serve({ port })).rejects.toBeInstanceOf(ListenError);
    const again = createServer().listen(port, HOST);
    await once(again, "listening");
    again.close();
    other.close();
  });

  test("an address of another machine is told", async () => {
    await expect(serve({ address: "198.51.100.7" })).rejects.toMatchObject({ code: "dns-listen" });
  });

  test("closing does not wait for idle clients, and may be asked twice", async () => {
    const server = await serve();
    const client = connect(server.port, server.address);
    client.on("error", () => undefined); // a reset is as good as an end
    await once(client, "connect");
    const gone = once(client, "close");
    const started = performance.now();
    await Promise.all([server.close(), server.close()]);
    await gone;
    expect(performance.now() - started).toBeLessThan(9_000); // after ten seconds they would have been closed anyway
  });

  test("a TCP client that reads nothing is dropped before its answers pile up", async () => {
    const server = await serve({ records: [{ ...CAA, value: "x".repeat(8000) }] });
    const client = connect(server.port, server.address);
    client.pause();
    const bytes = query("contoso.example", "CAA");
    const framed = Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
    const batch = Buffer.concat(Array.from({ length: 100 }, () => framed));
    // `once` rejects at the reset that we wait for.
    const dropped = expect(once(client, "close")).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|EPIPE/),
    });
    const flood = setInterval(() => client.writable && client.write(batch), 5);
    await dropped.finally(() => clearInterval(flood));
  });
});
