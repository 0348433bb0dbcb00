import { afterEach, describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { type StubResolverOptions, stubResolver } from "../../../src/dns/resolver";
import { type Behaviour, type Responder, reply, startResponder, zone } from "../responder";

const OWNER = "_xmpp-server._tcp.contoso.example";
const SRV: Answer = {
  type: "SRV",
  name: OWNER,
  ttl: 300,
  data: { priority: 1, weight: 2, port: 5269, target: "SIP.Contoso.example" },
};
const a = (name: string, data: string, ttl = 300): Answer => ({ type: "A", name, ttl, data });
const aaaa = (name: string, data: string, ttl = 300): Answer => ({ type: "AAAA", name, ttl, data });
const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, ttl: 60, data });

const running: Responder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((responder) => responder.close()));
});
async function serve(behaviour: Behaviour): Promise<Responder> {
  const responder = await startResponder(behaviour);
  running.push(responder);
  return responder;
}
const resolverOf = (servers: Responder[], more: StubResolverOptions = {}) =>
  stubResolver({ servers, patience: 1_000, timeout: 4_000, ...more });

describe("SRV", () => {
  test("records are found, targets in lower case", async () => {
    const resolver = resolverOf([await serve(zone([SRV]))]);
    expect(await resolver.srv(OWNER)).toEqual({
      status: "found",
      ttl: 300,
      value: [{ priority: 1, weight: 2, port: 5269, target: "sip.contoso.example" }],
    });
  });

  test("the root as target stays visible", async () => {
    const none: Answer = { ...SRV, data: { port: 0, target: "." } };
    expect(await resolverOf([await serve(zone([none]))]).srv(OWNER)).toMatchObject({ value: [{ target: "." }] });
  });

  test("of a thousand records the thirty-two of lowest priority are kept", async () => {
    const many = Array.from(
      { length: 1000 },
      (_, i): Answer => ({ ...SRV, data: { priority: 1000 - i, port: 1, target: "a.b" } }),
    );
    const server = await serve((query) => [
      query.transport === "tcp" ? reply(query, many) : reply(query, [], { flags: 0x0200 }),
    ]);
    const lookup = await resolverOf([server]).srv(OWNER);
    expect(lookup).toMatchObject({ status: "found" });
    const priorities = lookup.status === "found" ? lookup.value.map(({ priority }) => priority) : [];
    expect(priorities).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  });
});

describe("absence and failure", () => {
  test.each<[string, Behaviour, object]>([
    ["NXDOMAIN", zone([]), { status: "absent", why: "nxdomain" }],
    ["NODATA", zone([a(OWNER, "198.51.100.7")]), { status: "absent", why: "nodata" }],
    ["SERVFAIL", (query) => [reply(query, [], { code: "SERVFAIL" })], { status: "failed", code: "servfail" }],
    ["REFUSED", (query) => [reply(query, [], { code: "REFUSED" })], { status: "failed", code: "refused" }],
    ["NOTIMP", (query) => [reply(query, [], { code: "NOTIMP" })], { status: "failed", code: "error-code" }],
    ["silence", () => [], { status: "failed", code: "timeout" }],
    [
      "a referral",
      (query) => [
        reply(query, [], { flags: 0x80, authorities: [{ type: "NS", name: "example", data: "ns.example" }] }),
      ],
      { status: "failed", code: "lame" },
    ],
    [
      "an empty answer of one who neither knows nor looks",
      (query) => [reply(query, [], { flags: 0 })],
      { status: "failed", code: "lame" },
    ],
  ])("%s", async (_, behaviour, outcome) => {
    expect(await resolverOf([await serve(behaviour)]).srv(OWNER)).toMatchObject(outcome);
  });
});

describe("several servers", () => {
  const sound = zone([SRV]);
  test.each<[string, Behaviour]>([
    ["fails", (query) => [reply(query, [], { code: "SERVFAIL" })]],
    ["is silent", () => []],
    ["talks garbage", () => [Buffer.from("garbage")]],
  ])("the second is asked where the first %s", async (_, behaviour) => {
    const servers = [await serve(behaviour), await serve(sound)];
    expect(await resolverOf(servers).srv(OWNER)).toMatchObject({ status: "found" });
  });

  test("a denial of the first is final", async () => {
    const second = await serve(sound);
    expect(await resolverOf([await serve(zone([])), second]).srv(OWNER)).toMatchObject({ status: "absent" });
    expect(second.asked).toEqual([]);
  });

  test("without any, there is no resolver", () => {
    expect(() => stubResolver({ servers: [] })).toThrow("name at least one");
  });
});

describe("addresses", () => {
  const HOST = "sip.contoso.example";
  const addressesFrom = async (behaviour: Behaviour, host = HOST) => {
    const lookup = await resolverOf([await serve(behaviour)]).addresses(host);
    return lookup.status === "found" ? lookup.value.map(({ address }) => address) : lookup;
  };

  test("of both families alternate, IPv6 first, four at most", async () => {
    const records = [1, 2, 3, 4].flatMap((i) => [a(HOST, `198.51.100.${i}`), aaaa(HOST, `2001:db8::${i}`)]);
    expect(await addressesFrom(zone(records))).toEqual(["2001:db8::1", "198.51.100.1", "2001:db8::2", "198.51.100.2"]);
  });

  test.each<[string, Behaviour, unknown]>([
    ["one family is enough", zone([a(HOST, "198.51.100.1")]), ["198.51.100.1"]],
    [
      "two aliases are followed",
      zone([cname(HOST, "b.x"), cname("b.x", "c.x"), a("c.x", "198.51.100.1")]),
      ["198.51.100.1"],
    ],
    [
      "three aliases are too many",
      zone([cname(HOST, "b.x"), cname("b.x", "c.x"), cname("c.x", "d.x"), a("d.x", "198.51.100.1")]),
      { status: "failed", code: "aliases", reason: expect.anything() },
    ],
    [
      "a loop of aliases is a failure",
      zone([cname(HOST, "b.x"), cname("b.x", HOST)]),
      { status: "failed", code: "aliases", reason: expect.anything() },
    ],
    ["a host without any is absent", zone([SRV]), { status: "absent", why: "nxdomain" }],
    ["a host with other records has no data", zone([{ ...SRV, name: HOST }]), { status: "absent", why: "nodata" }],
  ])("%s", async (_, behaviour, expected) => {
    expect(await addressesFrom(behaviour)).toEqual(expected);
  });

  test("where a resolver stops at an alias, its target is asked for", async () => {
    const partial: Behaviour = (query) => {
      const [question] = query.packet.questions!;
      if (question!.name === HOST) return [reply(query, [cname(HOST, "b.x")])];
      return zone([a("b.x", "198.51.100.1")])(query);
    };
    expect(await addressesFrom(partial)).toEqual(["198.51.100.1"]);
  });

  test("one family silent: the other is used without waiting for the end", async () => {
    const fourOnly: Behaviour = (query) =>
      query.packet.questions![0]!.type === "A" ? zone([a(HOST, "198.51.100.1")])(query) : [];
    const resolver = stubResolver({ servers: [await serve(fourOnly)], patience: 700, timeout: 10_000 });
    const started = performance.now();
    expect(await resolver.addresses(HOST)).toMatchObject({ status: "found" });
    expect(performance.now() - started).toBeLessThan(9_000);
  });

  test("one family failed, the other denied: failed, not absent", async () => {
    const half: Behaviour = (query) =>
      query.packet.questions![0]!.type === "A" ? [reply(query, [], { code: "SERVFAIL" })] : zone([])(query);
    expect(await addressesFrom(half)).toMatchObject({ status: "failed", code: "servfail" });
  });

  test("records of other names in the answer are not believed", async () => {
    const poisoned: Behaviour = (query) => [reply(query, [a("bank.example", "203.0.113.66"), a(HOST, "198.51.100.1")])];
    const resolver = resolverOf([await serve(poisoned)]);
    expect(await resolver.addresses(HOST)).toMatchObject({ value: [{ address: "198.51.100.1" }] });
  });

  test.each(["198.51.100.7", "2001:db8::1", "198.51.100.7."])("%s is no host name", async (host) => {
    expect(await addressesFrom(zone([]), host)).toMatchObject({ status: "failed", code: "bad-name" });
  });
});

describe("what is remembered", () => {
  test("an answer for its time to live, then asked again", async () => {
    let now = 0;
    const server = await serve(zone([SRV]));
    const resolver = resolverOf([server], { now: () => now });
    await resolver.srv(OWNER);
    now = 299_000;
    expect(await resolver.srv(OWNER.toUpperCase())).toMatchObject({ status: "found", ttl: 1 });
    expect(server.asked).toHaveLength(1);
    now = 300_000;
    expect(await resolver.srv(OWNER)).toMatchObject({ status: "found", ttl: 300 });
    expect(server.asked).toHaveLength(2);
  });

  test("an absence for the time its SOA gives, 30 s here", async () => {
    let now = 0;
    const server = await serve(zone([]));
    const resolver = resolverOf([server], { now: () => now });
    await resolver.srv(OWNER);
    now = 29_000;
    await resolver.srv(OWNER);
    expect(server.asked).toHaveLength(1);
    now = 30_000;
    await resolver.srv(OWNER);
    expect(server.asked).toHaveLength(2);
  });

  test.each<[string, Behaviour]>([
    ["a failure", (query) => [reply(query, [], { code: "SERVFAIL" })]],
    ["a record of no time to live", zone([{ ...SRV, ttl: 0 } as Answer])],
    ["a time to live with its highest bit set", zone([{ ...SRV, ttl: 0x80000001 } as Answer])],
  ])("%s is not", async (_, behaviour) => {
    const server = await serve(behaviour);
    const resolver = resolverOf([server]);
    await resolver.srv(OWNER);
    await resolver.srv(OWNER);
    expect(server.asked).toHaveLength(2);
  });

  test("no more than the bound: the one unused for longest goes first", async () => {
    const server = await serve((query) => [reply(query, [{ ...SRV, name: query.packet.questions![0]!.name }])]);
    const resolver = resolverOf([server], { cacheEntries: 2 });
    for (const name of ["a.x", "b.x", "a.x", "c.x", "a.x"]) await resolver.srv(name);
    expect(server.asked).toHaveLength(3);
    await resolver.srv("b.x");
    expect(server.asked).toHaveLength(4);
  });

  test("those who ask the same at once share one question", async () => {
    const server = await serve(zone([SRV]));
    const resolver = resolverOf([server]);
    const lookups = await Promise.all(Array.from({ length: 50 }, () => resolver.srv(OWNER)));
    expect(lookups.every(({ status }) => status === "found")).toBe(true);
    expect(server.asked).toHaveLength(1);
  });
});

test("who gives up is told at once; who shares the question still gets the answer", async () => {
  const server = await serve(async (query) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return zone([SRV])(query);
  });
  const resolver = resolverOf([server]);
  const abort = new AbortController();
  const impatient = resolver.srv(OWNER, { signal: abort.signal });
  const patient = resolver.srv(OWNER);
  abort.abort();
  expect(await impatient).toMatchObject({ status: "failed", code: "aborted" });
  expect(await patient).toMatchObject({ status: "found" });
});

test("a hundred questions at once are all answered, sixty-four of them at a time", async () => {
  let now = 0;
  let most = 0;
  const server = await serve(async (query) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 30));
    now--;
    return [reply(query, [{ ...SRV, name: query.packet.questions![0]!.name }])];
  });
  const resolver = resolverOf([server], { patience: 20_000, timeout: 60_000 });
  const lookups = await Promise.all(Array.from({ length: 100 }, (_, i) => resolver.srv(`host${i}.example`)));
  expect(lookups.every(({ status }) => status === "found")).toBe(true);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(64);
});
