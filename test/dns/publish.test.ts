import { afterEach, describe, expect, test } from "@jest/globals";
import type { DnsRecord } from "../../src/definition";
import { publication, publicationText, publishRecords } from "../../src/dns";
import { type DnsHost, route53Host, zoneFileHost } from "../../src/dns/host";
import { scratchFolder } from "../load/scratch";
import { Route53StandIn } from "../stand-in-aws/route53";
import { EDGE, OWNER, RECORDS } from "./contoso-zone";

const scratch = scratchFolder();
const standIns: Route53StandIn[] = [];
afterEach(() => Promise.all(standIns.splice(0).map((standIn) => standIn.stop())));

const options = (more: object = {}) => ({
  records: RECORDS,
  domains: ["contoso.example"],
  fqdn: EDGE,
  takesOver: false,
  replace: [],
  ...more,
});
const route53 = async () => {
  const standIn = new Route53StandIn([{ id: "Z1", name: "contoso.example" }]);
  standIns.push(standIn);
  await standIn.start();
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  return { standIn, host: route53Host({ endpoint: standIn.endpoint, sleep: async () => undefined }) };
};
const caa: DnsRecord = {
  type: "CAA",
  owner: "contoso.example",
  zone: "contoso.example",
  ttl: 300,
  flags: 0,
  tag: "issue",
  value: "ca.example",
  reason: "test",
};
const done = async (host: DnsHost, more: object = {}) => {
  const planned = await publication(host, options(more));
  await publishRecords(host, planned, { readable: true });
  return planned;
};

describe("publishing", () => {
  test("to the stand-in for Route 53 adds what is missing, once", async () => {
    const { host } = await route53();
    expect((await done(host)).add).toHaveLength(RECORDS.length);
    expect(await done(host)).toMatchObject({ add: [], remove: [] });
  });

  test("into a zone file adds what is missing, once", async () => {
    const host = zoneFileHost(`${scratch.path}/edge.zone`);
    expect((await done(host)).add).toHaveLength(RECORDS.length);
    const again = await done(host);
    expect(again).toMatchObject({ add: [], remove: [], refusals: [] });
    expect(publicationText(again)).toContain(` ${OWNER}. 300 IN SRV 0 0 5269 ${EDGE}.\n`);
  });

  test("refuses beside somebody else's record, and gives up only what is named", async () => {
    const { standIn, host } = await route53();
    standIn.put(OWNER, "SRV", ["5 0 5269 other.example."]);
    standIn.put(EDGE, "A", ["203.0.113.1"]);
    const refused = await publication(host, options({ replace: [EDGE] }));
    expect(refused.refusals.map(({ found }) => found)).toEqual([
      `${OWNER}. 300 IN SRV 5 0 5269 other.example. is there, and the definition does not declare it`,
    ]);
    await expect(publishRecords(host, refused, { readable: true })).rejects.toThrow("refused");
    expect(standIn.sets.get(`${OWNER} SRV`)?.values).toEqual(["5 0 5269 other.example."]);
    const planned = await done(host, { replace: [OWNER.toUpperCase(), EDGE] });
    expect(planned.remove).toHaveLength(2);
    expect(await host.read(OWNER, "SRV")).toHaveLength(1);
  });

  test("lets the declared legacy gateway stand", async () => {
    const { standIn, host } = await route53();
    standIn.put(OWNER, "SRV", ["5 0 5269 old.contoso.example."]);
    expect(await done(host, { legacyGateway: "old.contoso.example" })).toMatchObject({ remove: [], refusals: [] });
    expect(await host.read(OWNER, "SRV")).toHaveLength(2);
  });

  test("never adds to a CAA set that is there", async () => {
    const { standIn, host } = await route53();
    standIn.put("contoso.example", "CAA", ['0 issue "other.example"']);
    const planned = await done(host, { records: [...RECORDS, caa] });
    expect(planned.notes).toContain("contoso.example has CAA records already: none is added to them");
    expect(standIn.sets.get("contoso.example CAA")?.values).toEqual(['0 issue "other.example"']);
  });

  test("says which TTL stays", async () => {
    const { standIn, host } = await route53();
    standIn.put(EDGE, "A", ["198.51.100.7"], 60);
    expect((await publication(host, options())).notes).toEqual([
      `${EDGE} A keeps its TTL 60: 300 is declared, and a set has one`,
    ]);
  });
});
