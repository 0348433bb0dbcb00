import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { defineEdge, facts } from "../../src/definition";
import { preflight, verifyDns } from "../../src/dns";
import { type Knot, startKnot } from "./rig/knot";
import { freePort, LoopbackNetwork } from "./rig/ports";
import { startUnbound, type Unbound } from "./rig/unbound";

const FQDN = "sip.contoso.example";
const SIP_EDGE = "192.0.2.9";
const OURS = "198.51.100.7";
const SIP_RECORDS = [
  `_sip._tls.contoso.example. 60 IN SRV 0 0 443 ${FQDN}.`,
  `_sipfederationtls._tcp.contoso.example. 60 IN SRV 0 0 5061 ${FQDN}.`,
];

/** The zone as it stands in each case. */
const zones = {
  "contoso.example": [...SIP_RECORDS, `${FQDN}. 60 IN A ${SIP_EDGE}`],
  "ours.example": [`sip.ours.example. 60 IN A ${OURS}`, "_sip._tls.ours.example. 60 IN SRV 0 0 443 sip.ours.example."],
  "empty.example": [],
  "cloud.example": ["sip.cloud.example. 60 IN CNAME sipdir.online.example.net."],
  "elsewhere.example": ["_sip._tls.elsewhere.example. 60 IN SRV 0 0 443 access.elsewhere.example."],
};

let knot: Knot;
let unbound: Unbound;
let network: LoopbackNetwork;

beforeAll(async () => {
  network = await LoopbackNetwork.claim();
  const address = network.address();
  const port = await freePort(address, 5353);
  knot = await startKnot({ address, port, zones });
  const resolver = network.address();
  unbound = await startUnbound({
    address: resolver,
    port: await freePort(resolver, 5300),
    stubZones: Object.keys(zones).map((zone) => ({ zone, address, port })),
  });
});

afterAll(async () => {
  await unbound?.stop();
  await knot?.stop();
  await network?.release();
});

const look = (domain: string, more: Partial<Parameters<typeof preflight>[0]> = {}) =>
  preflight({
    fqdn: `sip.${domain}`,
    domains: [domain],
    addresses: [OURS],
    resolvers: [unbound],
    nameServerPort: knot.port,
    timeout: 60,
    ...more,
  });

describe("the pre-flight finds the zone's own name server by a resolver, and there", () => {
  test("a running SIP edge: both records and the address are named", async () => {
    const { verdict, findings } = await look("contoso.example");
    expect(verdict).toBe("fail");
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: "edge-in-use",
      domain: FQDN,
      server: `${knot.address}:${knot.port}`,
      found:
        `_sip._tls.contoso.example (port 443), _sipfederationtls._tcp.contoso.example (port 5061) lead to ${FQDN}; ` +
        `${FQDN} has the address ${SIP_EDGE}`,
      remedy: expect.stringMatching(/xmpp\.contoso\.example.*takesOver/),
    });
  });

  test("a running SIP edge that may go off the air: information", async () => {
    const { verdict, findings } = await look("contoso.example", { takesOver: true });
    expect(verdict).toBe("pass");
    expect(findings).toMatchObject([{ id: "edge-taken-over", verdict: "info" }]);
  });

  test("other addresses without any SIP record", async () => {
    const { verdict, findings } = await look("ours.example", { addresses: ["198.51.100.99"] });
    expect(verdict).toBe("fail");
    expect(findings).toMatchObject([{ id: "edge-in-use", found: expect.stringContaining(`the address ${OURS}`) }]);
  });

  test("an alias, as a hosted SIP service has it", async () => {
    const { verdict, findings } = await look("cloud.example");
    expect(verdict).toBe("fail");
    expect(findings[0]).toMatchObject({
      id: "edge-in-use",
      found: "sip.cloud.example is an alias of sipdir.online.example.net",
    });
  });

  test.each([
    ["nothing at all", "empty.example"],
    ["our own addresses and no other, after a deploy", "ours.example"],
    ["a SIP edge at another name", "elsewhere.example"],
  ])("%s: pass", async (_, domain) => {
    expect(await look(domain)).toEqual({ verdict: "pass", findings: [] });
  });

  test("no zone, because nobody knows it: unknown, never a pass", async () => {
    const { verdict, findings } = await look("nowhere.test");
    expect(verdict).toBe("unknown");
    expect(findings.every((finding) => finding.verdict === "unknown")).toBe(true);
  });
});

test("a name server that is given and not there: unknown", async () => {
  const port = await freePort(knot.address, 5399);
  const { verdict } = await look("contoso.example", { nameServers: [{ address: knot.address, port }], timeout: 2 });
  expect(verdict).toBe("unknown");
});

describe("dns verify", () => {
  const definition = (takesOver: boolean) =>
    defineEdge({
      name: "contoso",
      accessEdge: { fqdn: FQDN, addresses: [OURS], takesOver },
      domains: [{ name: "contoso.example" }],
    });
  const verify = (takesOver: boolean) =>
    verifyDns({ facts: facts(definition(takesOver)), nameServers: [knot], takesOver, timeout: 60 });

  test("names the SIP edge, and not its address once more", async () => {
    const { findings, verdict } = await verify(false);
    expect(verdict).toBe("fail");
    expect(findings.map(({ id }) => id).sort()).toEqual(["edge-in-use", "srv-missing"]);
  });

  test("informs where it may go off the air", async () => {
    const { findings } = await verify(true);
    expect(findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ["srv-missing", "fail"],
      ["edge-taken-over", "info"],
    ]);
  });
});
