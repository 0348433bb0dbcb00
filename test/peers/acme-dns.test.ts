import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DnsHost, type HostRecord, parseTsigKey, rfc2136Host } from "../../src/dns/host";
import { type Knot, startKnot } from "./rig/knot";
import { freePort } from "./rig/ports";
import { PeerRig } from "./rig/rig";

/** RFC 2136 with TSIG against a real server. */
describe("dynamic updates to knot", () => {
  let rig: PeerRig;
  let knot: Knot;
  const hostWith = (key: string, now = Date.now): DnsHost => rfc2136Host({ server: knot, key: parseTsigKey(key), now });
  const txt = (owner: string, text: string, ttl = 60): HostRecord => ({ owner, ttl, type: "TXT", text });

  beforeAll(async () => {
    rig = await PeerRig.open();
    const address = rig.network.address();
    knot = await startKnot({
      address,
      port: await freePort(address, 5300),
      zones: {
        "contoso.example": ['_acme-challenge.contoso.example. 300 IN TXT "somebody else\'s"'],
        "deeper.contoso.example": [],
      },
    });
    rig.own(knot, () => knot.stop());
  });
  afterAll(() => rig.close());

  test("adds a record beside others, and takes only it away", async () => {
    const host = hostWith(knot.tsigKey);
    const owner = "_acme-challenge.contoso.example";
    const others = txt(owner, "somebody else's", 300);
    await host.publish([txt(owner, "ours"), txt(owner, "ours")]);
    expect(await host.read(owner, "TXT")).toEqual(expect.arrayContaining([others, txt(owner, "ours", 300)]));
    await host.publish([txt(owner, "ours")]);
    expect(await host.read(owner, "TXT")).toHaveLength(2);
    await host.remove([txt(owner, "ours"), txt("_acme-challenge.www.contoso.example", "never there")]);
    expect(await host.read(owner, "TXT")).toEqual([others]);
  });

  test.each<HostRecord>([
    { owner: "a.contoso.example", ttl: 5, type: "A", address: "192.0.2.7" },
    { owner: "a.contoso.example", ttl: 5, type: "AAAA", address: "2001:db8::7" },
    {
      owner: "_xmpp-server._tcp.contoso.example",
      ttl: 5,
      type: "SRV",
      priority: 1,
      weight: 2,
      port: 5269,
      target: "a.contoso.example",
    },
    { owner: "contoso.example", ttl: 5, type: "CAA", flags: 0, tag: "issue", value: "ca.example" },
    txt("quoted.contoso.example", 'with "quotes" and \\ and ; in it'),
  ])("publishes, reads back and removes $type at $owner", async (record) => {
    const host = hostWith(knot.tsigKey);
    await host.publish([record]);
    expect(await host.read(record.owner, record.type)).toEqual([record]);
    await host.remove([record]);
    expect(await host.read(record.owner, record.type)).toEqual([]);
  });

  test("writes 300 records in two zones, each into the deepest that holds it", async () => {
    const host = hostWith(knot.tsigKey);
    const records = Array.from({ length: 300 }, (_, n) =>
      txt(`_acme-challenge.n${n}.${n % 2 === 0 ? "contoso.example" : "deeper.contoso.example"}`, `value ${n}`),
    );
    await host.publish(records);
    for (const n of [0, 1, 298, 299]) expect(await host.read(records[n]!.owner, "TXT")).toEqual([records[n]]);
    await host.remove(records);
    for (const n of [0, 299]) expect(await host.read(records[n]!.owner, "TXT")).toEqual([]);
  });

  const other = Buffer.from("another secret, of enough length").toString("base64");
  test.each([
    ["another secret", `hmac-sha256:update:${other}`, Date.now, "dns-host-answer", /BADSIG/],
    ["a key it does not know", `hmac-sha256:nobody:${other}`, Date.now, "dns-host-answer", /BADKEY/],
    [
      "a clock that is off by a day",
      undefined,
      () => Date.now() - 86_400_000,
      "dns-host-answer",
      /BADTIME|another time/,
    ],
  ])("is refused, with the reason, with %s", async (_, key, now, code, message) => {
    const host = hostWith(key ?? knot.tsigKey, now);
    await expect(host.publish([txt("x.contoso.example", "x")])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });

  test("refuses a name of which the server keeps no zone", async () => {
    await expect(hostWith(knot.tsigKey).publish([txt("x.fabrikam.example", "x")])).rejects.toMatchObject({
      code: "dns-host-refused",
    });
  });
});
