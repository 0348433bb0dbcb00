import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type DnsHost, type HostRecord, route53Host } from "../../../src/dns/host";
import { Route53StandIn } from "../../stand-in-aws/route53";

describe("Route 53, by a stand-in of its API", () => {
  let standIn: Route53StandIn;
  let host: DnsHost;
  const before = { ...process.env };
  beforeAll(() => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  });
  afterAll(() => {
    process.env = before;
  });
  beforeEach(async () => {
    standIn = new Route53StandIn([
      { id: "Z1", name: "contoso.example" },
      { id: "Z2", name: "_acme-challenge.contoso.example" },
      { id: "Z3", name: "www.contoso.example", private: true },
    ]);
    await standIn.start();
    host = route53Host({ endpoint: standIn.endpoint, sleep: async () => undefined });
  });
  afterEach(() => standIn.stop());

  const owner = "_acme-challenge.www.contoso.example";
  const txt = (text: string): HostRecord => ({ owner, ttl: 60, type: "TXT", text });

  test("a record is created, waited for, read, and deleted with its set", async () => {
    await host.publish([txt("ours")]);
    expect(standIn.calls.filter((call) => call.includes("/change/"))).toHaveLength(1);
    expect(await host.read(owner, "TXT")).toEqual([txt("ours")]);
    await host.remove([txt("ours")]);
    expect(await host.read(owner, "TXT")).toEqual([]);
    expect(standIn.sets.size).toBe(0);
  });

  test("others' values stay as they are written, and so does the set's TTL", async () => {
    const theirs = ['"somebody \\303\\251lse" "in two parts"', '"other"'];
    standIn.put(owner, "TXT", theirs, 999);
    await host.publish([txt("ours"), txt("other")]);
    expect(standIn.sets.get(`${owner} TXT`)).toMatchObject({ ttl: 999, values: [...theirs, '"ours"'] });
    await host.remove([txt("ours"), txt("never there")]);
    expect(standIn.sets.get(`${owner} TXT`)).toMatchObject({ ttl: 999, values: theirs });
  });

  test("what is there already makes no change", async () => {
    await host.publish([txt("ours")]);
    const changes = () => standIn.calls.filter((call) => call.startsWith("POST"));
    await host.publish([txt("ours")]);
    await host.remove([txt("other")]);
    expect(changes()).toHaveLength(1);
  });

  test("a set that somebody else changes meanwhile is read again: nobody's record is lost", async () => {
    standIn.put(owner, "TXT", ['"first"']);
    let times = 2;
    standIn.meanwhile = () => {
      if (times-- > 0) standIn.put(owner, "TXT", ['"first"', `"other ${times}"`]);
    };
    await host.publish([txt("ours")]);
    expect(standIn.sets.get(`${owner} TXT`)?.values).toEqual(['"first"', '"other 0"', '"ours"']);
  });

  test("the deepest public zone takes the record", async () => {
    await host.publish([txt("ours"), { ...txt("deeper"), owner: "_acme-challenge.contoso.example" }]);
    const zones = standIn.calls
      .filter((call) => call.startsWith("POST"))
      .map((call) => /hostedzone\/(\w+)/.exec(call)?.[1]);
    expect(zones).toEqual(["Z1", "Z2"]);
  });

  test("a name of no zone of the account is refused", async () => {
    await expect(host.publish([{ ...txt("x"), owner: "_acme-challenge.fabrikam.example" }])).rejects.toMatchObject({
      code: "dns-host-zone",
    });
  });
});
