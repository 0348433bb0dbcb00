import { afterEach, describe, expect, test } from "@jest/globals";
import { messagesOf, type Survey, type SurveyOptions, survey } from "../../../src/dns/survey";
import { a, cname, type Host, ns, srv, startWorld, type World } from "./world";

const ROOT = "127.0.9.1";
const TLD = "127.0.9.2";
const ONE = "127.0.9.3";
const TWO = "127.0.9.4";
const DOMAIN = "contoso.example";
const SERVICE = `SRV _xmpp-server._tcp.${DOMAIN}`;

const own = [
  ns(DOMAIN, `ns1.${DOMAIN}`),
  ns(DOMAIN, `ns2.${DOMAIN}`),
  a(`ns1.${DOMAIN}`, ONE),
  a(`ns2.${DOMAIN}`, TWO),
];
const content = [...own, srv(DOMAIN, `sip.${DOMAIN}`), a(`sip.${DOMAIN}`, "198.51.100.7")];
const root: Host = { address: ROOT, zones: { ".": [ns("example", "ns.example"), a("ns.example", TLD)] } };
const tld: Host = { address: TLD, zones: { example: [ns("example", "ns.example"), a("ns.example", TLD), ...own] } };
const one: Host = { address: ONE, zones: { [DOMAIN]: content } };
const two: Host = { address: TWO, zones: { [DOMAIN]: content } };

const worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});
async function look(
  hosts: readonly Host[],
  more: Partial<SurveyOptions> = {},
): Promise<{ found: Survey; world: World }> {
  const world = await startWorld(hosts);
  worlds.push(world);
  const { port, roots } = world;
  const options = { domains: [DOMAIN], roots, port, resolvers: [], ipv6: false, timeout: 8000 };
  return { world, found: await survey({ ...options, ...more }) };
}
const answersTo = (found: Survey, key: string) =>
  messagesOf(found.atNameServers.get(key)?.observations ?? []).flatMap(({ server, message }) =>
    message.answers.map((record) => `${server.address} ${record.type} ${record.name}`),
  );
const failuresOf = (found: Survey, key: string) =>
  (found.atNameServers.get(key)?.observations ?? []).flatMap(({ server, said }) =>
    said.status === "failed" ? [`${server.address} ${said.code}`] : [],
  );

test("the delegation is walked, and every server says what it has", async () => {
  const { found, world } = await look([root, tld, one, two], { certificateNames: [`sip.${DOMAIN}`] });
  expect(found).toMatchObject({ reach: "delegation", complete: true });
  expect(found.zones.get(DOMAIN)).toMatchObject({
    path: [".", "example", DOMAIN],
    parentSays: [{ server: { address: TLD }, cut: { kind: "referral", zone: DOMAIN } }],
    servers: [
      { host: `ns1.${DOMAIN}`, address: ONE, from: "glue", namedBy: "parent" },
      { host: `ns2.${DOMAIN}`, address: TWO, from: "glue", namedBy: "parent" },
    ],
    withoutAddress: [],
  });
  for (const key of [SERVICE, `A sip.${DOMAIN}`, `SOA ${DOMAIN}`])
    expect(answersTo(found, key).map((line) => line.split(" ")[0])).toEqual([ONE, TWO]);
  expect(found.places.get(`sip.${DOMAIN}`)).toEqual({ status: "found", zone: DOMAIN });
  expect([...found.atNameServers.keys()]).toEqual(
    expect.arrayContaining([
      `SRV _${found.randomLabel}._tcp.${DOMAIN}`,
      `TLSA _5269._tcp.sip.${DOMAIN}`,
      `CAA sip.${DOMAIN}`,
      `CAA ${DOMAIN}`,
      "CAA example",
      `DS ${DOMAIN}`,
      "DNSKEY .",
    ]),
  );
  expect(found.atNameServers.get(`DS ${DOMAIN}`)?.observations.map(({ server }) => server.address)).toEqual([TLD]);
  // Who answers to AXFR has TCP: it is not asked for anything else by it.
  expect([...found.overTcp.keys()]).toEqual(["AXFR example", `AXFR ${DOMAIN}`]);
  expect(world.asked.filter((line, at) => world.asked.indexOf(line) !== at)).toEqual([]); // each question once
});

test("a domain that its parent denies is denied, with the place where", async () => {
  const { found } = await look([root, tld], { domains: ["fabrikam.example"] });
  expect(found.places.get("fabrikam.example")).toMatchObject({
    status: "denied",
    zone: "example",
    at: "fabrikam.example",
    parentSays: [{ server: { address: TLD, host: "ns.example" }, cut: { kind: "none", exists: false } }],
  });
});

test("a child zone on its parent's servers is found, though no referral shows it", async () => {
  const both: Host = {
    address: ONE,
    zones: { [DOMAIN]: content, [`sub.${DOMAIN}`]: [ns(`sub.${DOMAIN}`, `ns1.${DOMAIN}`)] },
  };
  const { found } = await look([root, tld, both, { ...both, address: TWO }], { domains: [`sub.${DOMAIN}`] });
  expect(found.zones.get(`sub.${DOMAIN}`)).toMatchObject({ path: [".", "example", DOMAIN, `sub.${DOMAIN}`] });
  expect(found.zones.get(`sub.${DOMAIN}`)?.servers.map(({ address }) => address)).toEqual([ONE]);
});

test("`_tcp` that is a zone of its own is followed", async () => {
  const inner = `_tcp.${DOMAIN}`;
  const outer: Host = { address: ONE, zones: { [DOMAIN]: [...own, ns(inner, `ad.${inner}`), a(`ad.${inner}`, TLD)] } };
  const { found } = await look([
    root,
    { ...tld, zones: { ...tld.zones, [inner]: [ns(inner, `ad.${inner}`), srv(DOMAIN, "sip.example")] } },
    outer,
    { ...outer, address: TWO },
  ]);
  expect(found.atNameServers.get(SERVICE)?.zone).toBe(inner);
  expect(answersTo(found, SERVICE)).toEqual([`${TLD} SRV _xmpp-server._tcp.${DOMAIN}`]);
});

describe("servers that misbehave", () => {
  test("a silent one costs one time-out, whatever is asked, and its silence is no absence", async () => {
    const silent: Host = { ...two, change: () => undefined };
    const { found, world } = await look([root, tld, one, silent]);
    expect(world.asked.filter((line) => line.startsWith(TWO)).length).toBeLessThanOrEqual(3);
    expect(failuresOf(found, SERVICE)).toEqual([`${TWO} silent`]);
    expect(answersTo(found, SERVICE)).toEqual([`${ONE} SRV _xmpp-server._tcp.${DOMAIN}`]);
  });

  test("one that refuses is reported with what it said, beside what the other says", async () => {
    const { found } = await look([root, tld, one, { address: TWO, zones: {} }]);
    const said = found.atNameServers.get(SERVICE)?.observations.find(({ server }) => server.address === TWO)?.said;
    expect(said).toMatchObject({ status: "answered", code: "REFUSED", authoritative: false });
  });

  test("where the parent is silent, the domain is unknown, not absent", async () => {
    const { found } = await look([root, { ...tld, change: () => undefined }]);
    expect(found.places.get(DOMAIN)).toMatchObject({ status: "unknown", at: DOMAIN });
    expect(found.atNameServers.get(SERVICE)).toMatchObject({ observations: [] });
  });

  test("where no root server answers, only resolvers are asked", async () => {
    const resolver: Host = { address: TWO, zones: { ".": content } };
    const world = await startWorld([{ ...root, change: () => undefined }, resolver]);
    worlds.push(world);
    const resolvers = [{ address: TWO, port: world.port }];
    const found = await survey({ domains: [DOMAIN], roots: world.roots, port: world.port, resolvers, ipv6: false });
    expect(found.reach).toBe("resolvers-only");
    expect(found.atNameServers.size).toBe(0);
    expect(messagesOf(found.atResolvers.get(SERVICE)!.observations)).toHaveLength(1);
  });

  test("an address for a host outside the zone is not believed", async () => {
    const elsewhere = [ns(DOMAIN, "ns.victim.test"), a("ns.victim.test", TWO)];
    const { found, world } = await look([root, { ...tld, zones: { example: elsewhere } }, two]);
    expect(found.zones.get(DOMAIN)).toMatchObject({ servers: [], withoutAddress: [{ host: "ns.victim.test" }] });
    expect(world.asked.filter((line) => line.startsWith(TWO))).toEqual([]);
  });

  test("an upward referral is lame, and not followed", async () => {
    const upward: Host = { address: ONE, zones: { ".": [ns("example", "ns.example"), a("ns.example", TLD)] } };
    const { found } = await look([root, tld, upward, two]);
    expect(answersTo(found, SERVICE)).toEqual([`${TWO} SRV _xmpp-server._tcp.${DOMAIN}`]);
  });

  test("zones whose servers are in one another have no address, and nothing hangs", async () => {
    const loop = [ns("a.example", "ns.b.example"), ns("b.example", "ns.a.example")];
    const { found } = await look([root, { ...tld, zones: { example: loop } }], { domains: ["a.example", "b.example"] });
    expect(found.complete).toBe(true);
    expect(found.zones.get("a.example")).toMatchObject({ servers: [], withoutAddress: [{ host: "ns.b.example" }] });
  });

  test("aliases in a loop, and without end, are left", async () => {
    const chain = Array.from({ length: 40 }, (_, i) => cname(`c${i}.${DOMAIN}`, `c${i + 1}.${DOMAIN}`));
    const loop = [cname(`x.${DOMAIN}`, `y.${DOMAIN}`), cname(`y.${DOMAIN}`, `x.${DOMAIN}`)];
    const zones = { [DOMAIN]: [...own, ...chain, ...loop] };
    const hosts = [`c0.${DOMAIN}`, `x.${DOMAIN}`];
    const { found } = await look([root, tld, { ...one, zones }, { ...two, zones }], { hosts });
    expect(answersTo(found, `A y.${DOMAIN}`)).toHaveLength(2);
    expect(found.atNameServers.has(`A c8.${DOMAIN}`)).toBe(true);
    expect(found.atNameServers.has(`A c9.${DOMAIN}`)).toBe(false);
  });
});

test("servers without IPv6 here are not asked, and not at fault", async () => {
  const six = { type: "AAAA", name: `ns1.${DOMAIN}`, ttl: 60, data: "2001:db8::1" } as const;
  const zones = { example: [...tld.zones.example!, six] };
  const { found } = await look([root, { ...tld, zones }, one, two]);
  expect(failuresOf(found, SERVICE)).toEqual(["2001:db8::1 no-ipv6"]);
});

test("the time for the whole is kept, and said to be over", async () => {
  const slow: Host = { ...root, change: () => undefined };
  const { found } = await look([slow], { timeout: 300 });
  expect(found.reach).toBe("resolvers-only");
  expect(found.complete).toBe(false);
});
