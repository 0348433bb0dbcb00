import { describe, expect, test } from "@jest/globals";
import type { HostRecord } from "../../../src/dns/host";
import { changePlan } from "../../../src/dns/plan/change-plan";
import type { PublishedSet } from "../../../src/dns/plan/published-set";

const OWNER = "_xmpp-server._tcp.contoso.example";
const EDGE = "edge.contoso.example";
const srv = (target: string, ttl = 3600, port = 5269, priority = 0): HostRecord => ({
  ...{ owner: OWNER, ttl, type: "SRV", priority, weight: 0, port, target },
});
const a = (address: string, ttl = 3600): HostRecord => ({ owner: EDGE, ttl, type: "A", address });
const caa = (value: string): HostRecord => ({ owner: EDGE, ttl: 3600, type: "CAA", flags: 0, tag: "issue", value });
const line = (target: string, ttl = 3600, priority = 0) => `${OWNER}. ${ttl} IN SRV ${priority} 0 5269 ${target}.`;
const addressLine = (address: string, ttl = 3600) => `${EDGE}. ${ttl} IN A ${address}`;

const priorityOf = (record: HostRecord) => (record.type === "SRV" ? record.priority : 0);

const set = (type: PublishedSet["type"], records: readonly HostRecord[], remembered?: number): PublishedSet => ({
  owner: type === "SRV" ? OWNER : EDGE,
  type,
  records,
  remembered: remembered ?? records[0]?.ttl ?? 900,
});
const DECLARED = [srv(EDGE), a("198.51.100.7")];
const plan = (published: readonly PublishedSet[], more: Partial<Parameters<typeof changePlan>[0]> = {}) =>
  changePlan({ declared: DECLARED, published, ...more });

test("what is as declared needs no step", () => {
  expect(plan([set("SRV", [srv("EDGE.contoso.example")]), set("A", [a("198.51.100.7")]), set("AAAA", [])])).toEqual({
    steps: [],
    notes: [],
  });
});

test("into an empty zone: addresses before the service, and each as long as its absence is remembered", () => {
  const { steps } = plan([set("SRV", [], 600), set("A", []), set("AAAA", [])]);
  expect(steps).toMatchObject([
    { id: "addresses", at: 0, remove: [], publish: [addressLine("198.51.100.7")], wait: 900 },
    { id: "services", at: 900, remove: [], publish: [line(EDGE)], wait: 600 },
  ]);
});

test("from another server: the TTL first, a whole old one waited for, then the change, then the TTL back", () => {
  const { steps } = plan([set("SRV", [srv("old.example", 86_400)]), set("A", [a("198.51.100.7")])]);
  expect(steps).toEqual([
    expect.objectContaining({
      id: "lower-ttl",
      at: 0,
      remove: [line("old.example", 86_400)],
      publish: [line("old.example", 300)],
      wait: 86_400,
    }),
    expect.objectContaining({
      id: "services",
      at: 86_400,
      remove: [line("old.example", 300)],
      publish: [line(EDGE, 300)],
      wait: 300,
    }),
    expect.objectContaining({
      id: "set-ttl",
      at: 86_700,
      remove: [line(EDGE, 300)],
      publish: [line(EDGE)],
      wait: 0,
    }),
  ]);
});

test("the old gateway stays until the end, behind the edge, and what is remembered stays short till then", () => {
  const both = [set("SRV", [srv("old.example")]), set("A", [a("198.51.100.7")])];
  const { steps } = plan(both, { legacyGateway: "OLD.example" });
  expect(steps.map(({ id, at, remove, publish }) => ({ id, at, remove, publish }))).toEqual([
    { id: "lower-ttl", at: 0, remove: [line("old.example")], publish: [line("old.example", 300)] },
    {
      id: "services",
      at: 3600,
      remove: [line("old.example", 300)],
      publish: [line(EDGE, 300), line("old.example", 300, 10)].sort(),
    },
    { id: "remove-legacy", at: 3900, remove: [line("old.example", 300, 10)], publish: [] },
    { id: "set-ttl", at: 4200, remove: [line(EDGE, 300)], publish: [line(EDGE)] },
  ]);
});

test.each([
  ["behind the edge already", [srv(EDGE, 300), srv("old.example", 300, 5269, 5)], []],
  ["at the edge's side", [srv(EDGE, 300), srv("old.example", 300)], ["services"]],
  ["both ways", [srv(EDGE, 300), srv("old.example", 300), srv("old.example", 300, 5269, 10)], ["services"]],
])("the old gateway %s: put behind where it is not, and nothing published twice", (_, records, first) => {
  const { steps, notes } = plan([set("SRV", records)], { legacyGateway: "old.example" });
  expect(steps.map(({ id }) => id)).toEqual([...first, "remove-legacy", "set-ttl"]);
  expect(notes).toEqual([expect.stringContaining("dns.cutOver")]);
  const there = new Set(records.map((one) => line((one as { target: string }).target, 300, priorityOf(one))));
  for (const step of steps) {
    for (const one of step.remove) expect(there.delete(one)).toBe(true);
    for (const one of step.publish) {
      expect(there).not.toContain(one);
      there.add(one);
    }
  }
  expect([...there]).toEqual([line(EDGE)]);
});

describe("of one set", () => {
  test.each([
    ["more addresses: nothing remembered is wrong", [set("A", [a("198.51.100.7")])], ["addresses"]],
    ["another address", [set("A", [a("203.0.113.1")])], ["lower-ttl", "addresses", "set-ttl"]],
    ["another address, remembered shortly", [set("A", [a("203.0.113.1", 60)])], ["addresses", "set-ttl"]],
    [
      "an address too many",
      [set("AAAA", [{ ...a("x"), type: "AAAA", address: "2001:db8::1" } as HostRecord])],
      ["lower-ttl", "addresses"],
    ],
    ["another TTL", [set("A", [a("198.51.100.7", 60), a("198.51.100.8", 60)])], ["set-ttl"]],
    ["no service (.)", [set("SRV", [srv("", 60)])], ["services", "set-ttl"]],
  ] as const)("%s", (_, published, ids) => {
    const declared = [...DECLARED, a("198.51.100.8")];
    expect(plan(published, { declared }).steps.map(({ id }) => id)).toEqual(ids);
  });

  test("IPv6 addresses in another spelling are the same", () => {
    const six = (address: string): HostRecord => ({ owner: EDGE, ttl: 60, type: "AAAA", address });
    expect(plan([set("AAAA", [six("2001:db8::7")])], { declared: [six("2001:DB8:0::7")] }).steps).toEqual([]);
  });

  test("CAA: published where there is none, never added to others", () => {
    const declared = [caa("ca.example")];
    expect(plan([set("CAA", [])], { declared }).steps).toMatchObject([{ id: "addresses" }]);
    expect(plan([set("CAA", [caa("other.example")])], { declared })).toEqual({
      steps: [],
      notes: [expect.stringContaining(`${EDGE} has CAA records already`)],
    });
  });
});

test("each step begins when the one before is over, and what is removed was there", () => {
  const published = [set("SRV", [srv("old.example"), srv("older.example")]), set("A", [a("203.0.113.1")])];
  const { steps } = plan(published, { legacyGateway: "old.example" });
  const there = new Set(
    published.flatMap(({ records }) =>
      records.map((one) =>
        one.type === "A" ? addressLine(one.address, one.ttl) : line((one as { target: string }).target, one.ttl),
      ),
    ),
  );
  let at = 0;
  for (const step of steps) {
    expect(step.at).toBe(at);
    at += step.wait;
    for (const one of step.remove) expect(there.delete(one)).toBe(true);
    for (const one of step.publish) there.add(one);
  }
  expect([...there].sort()).toEqual([line(EDGE), addressLine("198.51.100.7")].sort());
});
