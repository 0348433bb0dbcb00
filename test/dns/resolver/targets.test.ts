import { BlockList } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { SrvAnswer } from "../../../src/dns/resolver";
import { findTargets, mayDial, type TargetPolicy } from "../../../src/dns/resolver/targets";
import { REMOTE } from "../../gateway/documents";
import { type Names, namesOf } from "../../gateway/names";

const OWN = [
  { address: "203.0.113.9", port: 5269 },
  { address: "2606:4700::9", port: 5269 },
];
const HOST = "xmpp.fabrikam.example";
const GLOBAL = "8.8.4.4";

async function find(names: Names, policy: Partial<TargetPolicy> = {}, proxyFqdn?: string) {
  const resolver = namesOf(names);
  const found = await findTargets(
    REMOTE,
    proxyFqdn,
    resolver,
    { allowed: [], own: OWN, ...policy },
    () => 0,
    new AbortController().signal,
  );
  return { found, asked: resolver.asked };
}
const srv = (...records: readonly Partial<SrvAnswer>[]) => ({ [REMOTE]: records });

describe("where a partner's server is", () => {
  test("its SRV targets by priority, with their own ports", async () => {
    const { found } = await find({
      srv: srv({ priority: 20, target: "two.example", port: 5270 }, { priority: 10, target: "one.example" }),
      addresses: { "one.example": [GLOBAL, "2606:4700::1"], "two.example": ["1.1.1.1"] },
    });
    expect(found).toMatchObject({
      ok: true,
      targets: [
        { host: "one.example", address: GLOBAL, port: 5269 },
        { host: "one.example", address: "2606:4700::1", port: 5269 },
        { host: "two.example", address: "1.1.1.1", port: 5270 },
      ],
    });
  });

  test("its own addresses on 5269 where it has no SRV record", async () => {
    const { found } = await find({ addresses: { [REMOTE]: [GLOBAL] } });
    expect(found).toMatchObject({ ok: true, targets: [{ host: REMOTE, address: GLOBAL, port: 5269 }] });
  });

  test("never its own addresses where it has SRV records that lead nowhere", async () => {
    const { found, asked } = await find({ srv: srv({ target: HOST }), addresses: { [REMOTE]: [GLOBAL] } });
    expect(found).toMatchObject({ ok: false, why: "absent" });
    expect(asked).not.toContain(`addresses ${REMOTE}`);
  });

  test("nor where the SRV records could not be looked up", async () => {
    const { found, asked } = await find({ srv: { [REMOTE]: "servfail" }, addresses: { [REMOTE]: [GLOBAL] } });
    expect(found).toMatchObject({ ok: false, why: "failed" });
    expect(asked).toHaveLength(1);
  });

  test("nowhere where its SRV target is the root", async () => {
    const { found, asked } = await find({ srv: srv({ target: "." }), addresses: { [REMOTE]: [GLOBAL] } });
    expect(found).toMatchObject({ ok: false, why: "absent", text: expect.stringContaining("no XMPP server") });
    expect(asked).toHaveLength(1);
  });

  test("its proxy on 5269, without a look at its SRV records", async () => {
    const { found, asked } = await find(
      { srv: srv({ target: HOST, port: 7 }), addresses: { "proxy.example": [GLOBAL], [HOST]: ["1.1.1.1"] } },
      {},
      "proxy.example",
    );
    expect(found).toMatchObject({ ok: true, targets: [{ host: "proxy.example", address: GLOBAL, port: 5269 }] });
    expect(asked).toEqual(["addresses proxy.example"]);
  });

  describe("with direct TLS", () => {
    const direct = (...records: readonly Partial<SrvAnswer>[]) => ({ [`_xmpps-server._tcp.${REMOTE}`]: records });
    const addresses = { "plain.example": [GLOBAL], "direct.example": ["1.1.1.1"], [REMOTE]: ["8.8.8.8"] };
    const hosts = async (records: Names["srv"], directTls = true) => {
      const { found } = await find({ srv: records ?? {}, addresses }, { directTls });
      return found.ok
        ? found.targets.map(({ host, port, directTls }) => `${host}:${port}${directTls ? " direct" : ""}`)
        : found.why;
    };

    test.each<[string, Names["srv"], string[] | string]>([
      [
        "both kinds are one list, by priority",
        {
          ...srv({ target: "plain.example", priority: 5 }, { target: "plain.example", priority: 20, port: 7 }),
          ...direct({ target: "direct.example", priority: 10, port: 5270 }),
        },
        ["plain.example:5269", "direct.example:5270 direct", "plain.example:7"],
      ],
      [
        "direct TLS alone, where that is all there is",
        direct({ target: "direct.example", port: 443 }),
        ["direct.example:443 direct"],
      ],
      [
        "direct TLS alone, where the other record says that there is no such service",
        { ...srv({ target: "." }), ...direct({ target: "direct.example", port: 443 }) },
        ["direct.example:443 direct"],
      ],
      [
        "no direct TLS, where its record says that there is none",
        { ...srv({ target: "plain.example" }), ...direct({ target: "." }) },
        ["plain.example:5269"],
      ],
      ["nowhere, where both records say so", { ...srv({ target: "." }), ...direct({ target: "." }) }, "absent"],
      ["nowhere, where direct TLS is refused and nothing else is said", direct({ target: "." }), "absent"],
      ["its own addresses, where there is neither", {}, [`${REMOTE}:5269`]],
      [
        "without it, where its record cannot be looked up",
        { ...srv({ target: "plain.example" }), [`_xmpps-server._tcp.${REMOTE}`]: "timeout" },
        ["plain.example:5269"],
      ],
      [
        "with it alone, where the other record cannot be looked up",
        { [REMOTE]: "timeout", ...direct({ target: "direct.example", port: 5270 }) },
        ["direct.example:5270 direct"],
      ],
    ])("%s", async (_, records, expected) => {
      expect(await hosts(records)).toEqual(expected);
    });

    test("both together are drawn by weight within a priority", async () => {
      const records = {
        ...srv({ target: "plain.example", weight: 1 }),
        ...direct({ target: "direct.example", port: 5270, weight: 9 }),
      };
      let seed = 1;
      const random = () => {
        seed = (seed * 16_807) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      let first = 0;
      for (let draw = 0; draw < 200; draw++) {
        const resolver = namesOf({ srv: records, addresses });
        const policy = { allowed: [], own: OWN, directTls: true };
        const found = await findTargets(REMOTE, undefined, resolver, policy, random, new AbortController().signal);
        if (found.ok && found.targets[0]?.directTls) first++;
      }
      expect(first).toBeGreaterThan(150);
      expect(first).toBeLessThan(200);
    });

    test("it is not even asked for where it is not wanted", async () => {
      const { found, asked } = await find({
        srv: { ...srv({ target: "plain.example" }), ...direct({ target: "direct.example" }) },
        addresses,
      });
      expect(found).toMatchObject({ ok: true, targets: [{ host: "plain.example" }] });
      expect(asked.join()).not.toContain("_xmpps");
    });
  });

  test("of 100 targets the first 8 are looked up, and of all their addresses 8 are dialled", async () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `h${String(index).padStart(2, "0")}.example`);
    const { found, asked } = await find({
      srv: { [REMOTE]: hosts.map((target, priority) => ({ target, priority })) },
      addresses: Object.fromEntries(
        hosts.map((host) => [host, ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]]),
      ),
    });
    expect(asked).toEqual([`SRV _xmpp-server._tcp.${REMOTE}`, ...hosts.slice(0, 8).map((host) => `addresses ${host}`)]);
    expect(found.ok && found.targets.map(({ host, address }) => `${host} ${address}`)).toEqual(
      hosts.slice(0, 8).map((host) => `${host} 1.1.1.1`),
    );
  });

  test.each<[string, readonly (readonly string[])[], string[]]>([
    [
      "one host alone gives four",
      [["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]],
      ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"],
    ],
    [
      "each host gives one of each family before any gives a second",
      [
        ["2606:4700::1", "2606:4700::2", "1.1.1.1", "1.1.1.2"],
        ["2606:4700::3", "2606:4700::4", "1.1.1.3", "1.1.1.4"],
        ["1.1.1.5", "1.1.1.6"],
      ],
      ["2606:4700::1", "2606:4700::2", "1.1.1.1", "1.1.1.2", "2606:4700::3", "2606:4700::4", "1.1.1.3", "1.1.1.5"],
    ],
  ])("%s", async (_, addresses, dialled) => {
    const hosts = addresses.map((_, at) => `h${at}.example`);
    const { found } = await find({
      srv: { [REMOTE]: hosts.map((target, priority) => ({ target, priority })) },
      addresses: Object.fromEntries(hosts.map((host, at) => [host, addresses[at]!])),
    });
    expect(found.ok && found.targets.map(({ address }) => address)).toEqual(dialled);
  });

  test("one that fails does not hide one that is found", async () => {
    const { found } = await find({
      srv: srv({ target: "bad.example" }, { target: "good.example", priority: 1 }),
      addresses: { "bad.example": "timeout", "good.example": [GLOBAL] },
    });
    expect(found).toMatchObject({ ok: true, targets: [{ host: "good.example" }] });
  });

  test("forbidden addresses are left out, and named where nothing else is left", async () => {
    const mixed = await find({ srv: srv({ target: HOST }), addresses: { [HOST]: ["169.254.169.254", GLOBAL] } });
    expect(mixed.found).toMatchObject({
      ok: true,
      targets: [{ address: GLOBAL }],
      forbidden: [{ address: "169.254.169.254", port: 5269, because: "not-global" }],
    });
    const only = await find({ srv: srv({ target: HOST, port: 80 }), addresses: { [HOST]: ["169.254.169.254"] } });
    expect(only.found).toMatchObject({
      ok: false,
      why: "forbidden",
      text: expect.stringContaining("169.254.169.254:80"),
      remedy: expect.stringContaining("allowedTargets"),
    });
  });

  test("our own is named as such, and nothing is said to allow it", async () => {
    const { found } = await find({ srv: srv({ target: HOST }), addresses: { [HOST]: [OWN[0]!.address] } });
    expect(found).toMatchObject({
      ok: false,
      why: "forbidden",
      text: expect.stringContaining("203.0.113.9:5269 (our own)"),
      remedy: expect.not.stringContaining("allowedTargets"),
    });
  });

  test("of many forbidden the first four are named, and the others counted", async () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `h${index}.example`);
    const { found } = await find({
      srv: { [REMOTE]: hosts.map((target, priority) => ({ target, priority })) },
      addresses: Object.fromEntries(hosts.map((host, at) => [host, [1, 2, 3, 4].map((end) => `10.0.${at}.${end}`)])),
    });
    expect(found).toMatchObject({
      text: expect.stringMatching(
        /10\.0\.0\.1:5269, 10\.0\.0\.2:5269, 10\.0\.0\.3:5269, 10\.0\.0\.4:5269 and 28 more$/,
      ),
    });
  });
});

describe("an address that is never dialled", () => {
  const dial = (address: string, port = 5269, allowed: readonly string[] = [], own = OWN) => {
    const list = new BlockList();
    for (const range of allowed) {
      const [start = "", length] = range.split("/");
      list.addSubnet(start, Number(length), start.includes(":") ? "ipv6" : "ipv4");
    }
    return mayDial(address, port, list, own);
  };

  test.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "::127.0.0.1",
    "2002:7f00:1::",
    "not-an-address",
    "",
  ])("%s", (address) => {
    expect(dial(address)).toBe(false);
  });

  test.each(["8.8.4.4", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.4.4"])("but %s is", (address) => {
    expect(dial(address)).toBe(true);
  });

  test.each([
    ["203.0.113.9", 5269, false],
    ["::ffff:203.0.113.9", 5269, false],
    ["64:ff9b::203.0.113.9", 5269, false],
    ["203.0.113.9", 5270, true],
    ["2606:4700::9", 5269, false],
    ["2606:4700:0:0:0:0:0:9", 5269, false],
    ["2606:4700::A", 5269, true],
  ])("our own address and port: %s %d", (address, port, dialled) => {
    expect(dial(address, port, ["203.0.113.0/24"])).toBe(dialled);
  });

  test("an allowed range opens what lies in it, but never ourselves", () => {
    const own = [{ address: "127.0.0.2", port: 5269 }];
    expect(dial("127.0.0.3", 5269, ["127.0.0.0/8"], own)).toBe(true);
    expect(dial("::ffff:127.0.0.3", 5269, ["127.0.0.0/8"], own)).toBe(true);
    expect(dial("127.0.0.2", 5269, ["127.0.0.0/8"], own)).toBe(false);
    expect(dial("10.0.0.1", 5269, ["127.0.0.0/8"], own)).toBe(false);
    expect(dial("fd00::1", 5269, ["fd00::/8"], own)).toBe(true);
  });
});
