import type { Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../src/certificate/trust-store";
import { defineEdge, type EdgeInput, type Facts, facts, localRun } from "../../src/definition";
import { serveRecords, type VerifyOptions, type VerifyReport, verifyDns } from "../../src/dns";
import { createLab, type Lab } from "../gateway/lab";
import { startTestGateway, stopGateways } from "../gateway/running";
import { closeServers, HEADER, listen } from "./probe/servers";

// The whole way: records out of a definition, served by our own DNS server, led to gateways of ours on loopback.

const LOCAL = "contoso.example";
const REMOTE = "fabrikam.example";
const TLS_DIALBACK = {
  tlsNegotiation: "Required",
  saslNegotiation: "Optional",
  supportDialbackNegotiation: true,
} as const;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeServers();
  await stopGateways();
  await Promise.all(closers.splice(0).map((close) => close()));
});

const defined = (more: Partial<EdgeInput> = {}) =>
  defineEdge({
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example" },
    domains: [{ name: LOCAL }],
    partners: [{ domain: REMOTE, ...TLS_DIALBACK }],
    dns: { kind: "zone-file", ttl: 300 },
    ...more,
  });

/** The facts of an edge on loopback. */
const edge = (port: number, more: Partial<EdgeInput> = {}): Facts =>
  localRun(defined(more), { address: "127.0.0.1", port });

/** The partner, by a definition of its own. */
const partnerEdge = (port: number, more: Partial<EdgeInput> = {}): Facts =>
  edge(port, {
    name: "fabrikam",
    accessEdge: { fqdn: "xmpp.fabrikam.example" },
    domains: [{ name: REMOTE }],
    partners: [{ domain: LOCAL, ...TLS_DIALBACK }],
    ...more,
  });

/** Verifies the first definition where the records of all are served. */
async function verify(edges: readonly [Facts, ...Facts[]], more: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  const records = edges.flatMap(({ dns }) => dns.records);
  const server = await serveRecords({ address: "127.0.0.1", records });
  closers.push(() => server.close());
  return verifyDns({
    facts: edges[0],
    nameServers: [server],
    allowPrivate: true,
    timeout: 60,
    probe: { trustAnchors: TrustStore.fromPem(lab.anchorsPem), timeout: 30 },
    ...more,
  });
}
/** Loopback is allowed here, which every report says: all that it says besides. */
const besides = ({ findings }: VerifyReport) =>
  findings.filter(({ id, verdict }) => !(id === "address-private" && verdict === "info"));
const shown = (report: VerifyReport) => besides(report).map(({ id, verdict, domain }) => `${domain} ${id} ${verdict}`);

/** A gateway of a definition; it may listen elsewhere than defined. */
async function gatewayOf({ gateway: document }: Facts, credentials = lab.edge): Promise<number> {
  return (await startTestGateway(lab, { document, credentials: [credentials] })).port;
}
const edgeGateway = async () => gatewayOf(edge(5269));
const partnerGateway = async (more: Partial<EdgeInput> = {}) => gatewayOf(partnerEdge(5269, more), lab.partner);

describe("our own gateway behind its records", () => {
  test("passes, the partner's as well", async () => {
    const [ours, theirs] = [await edgeGateway(), await partnerGateway()];
    const report = await verify([edge(ours), partnerEdge(theirs)]);
    expect(report.verdict).toBe("pass");
    expect(report.findings).toMatchObject([
      { id: "address-private", verdict: "info", found: "127.0.0.1: this machine's own (loopback)" },
    ]);
  });

  test("passes where its rows let nobody in without a certificate, or nobody is a partner", async () => {
    const strict = { partners: [{ domain: REMOTE }] };
    const port = await gatewayOf(edge(5269, strict));
    expect(shown(await verify([edge(port, strict)], { partners: "none" }))).toEqual([]);
    const alone = { partners: [] };
    const other = await gatewayOf(edge(5269, alone));
    expect(shown(await verify([edge(other, alone)]))).toEqual([]);
  });

  test("with a certificate for another name, of a CA that is not trusted, without a domain that is defined", async () => {
    const port = await gatewayOf(edge(5269), lab.partner);
    expect(shown(await verify([edge(port)], { partners: "none" }))).toEqual([`${LOCAL} cert-name fail`]);
    const stranger = (await createLab()).anchorsPem;
    const probe = { trustAnchors: TrustStore.fromPem(stranger) };
    const sound = await edgeGateway();
    expect(shown(await verify([edge(sound)], { partners: "none", probe }))).toEqual([
      "sip.contoso.example cert-untrusted fail",
    ]);
    const both = { domains: [{ name: LOCAL }, { name: "emea.example" }] };
    expect(shown(await verify([edge(sound, both)], { partners: "none" }))).toEqual(
      expect.arrayContaining(["emea.example stream-error fail"]),
    );
  });

  test("that runs with another row for the partner than is defined", async () => {
    const port = await gatewayOf(edge(5269, { partners: [{ domain: REMOTE, tlsNegotiation: "Optional" }] }));
    expect(shown(await verify([edge(port)], { partners: "none" }))).toContain(
      "sip.contoso.example starttls-optional warn",
    );
  });

  test("that has never heard of the partner", async () => {
    const port = await gatewayOf(edge(5269, { partners: [{ domain: "other.example" }] }));
    expect(shown(await verify([edge(port)], { partners: "none" }))).toEqual(["sip.contoso.example stream-error fail"]);
    expect(shown(await verify([edge(port)], { partners: "none", probe: { from: "other.example" } }))).not.toContain(
      "sip.contoso.example stream-error fail",
    );
  });
});

describe("who is dialled", () => {
  test("nobody at an address that is not public, unless the run allows it", async () => {
    let connections = 0;
    const port = await listen(() => connections++);
    const report = await verify([edge(port)], { allowPrivate: false, partners: "none" });
    expect(report.findings.filter(({ id }) => !id.startsWith("address-"))).toEqual([]);
    expect(connections).toBe(0);
  });

  test("nobody without the probe", async () => {
    let connections = 0;
    const port = await listen(() => connections++);
    expect(shown(await verify([edge(port), partnerEdge(port)], { probe: false }))).toEqual([]);
    expect(connections).toBe(0);
  });

  test("who is named instead", async () => {
    const port = await edgeGateway();
    const connectTo = [{ host: "sip.contoso.example", port: 5269, to: { address: "127.0.0.1", port } }];
    const probe = { trustAnchors: TrustStore.fromPem(lab.anchorsPem), connectTo };
    const sound = facts(defined({ accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] } }));
    expect(shown(await verify([sound], { probe, partners: "none", allowPrivate: true }))).toEqual([]);
    const nobody = await listen((socket) => socket.destroy());
    const wrong = [{ host: "", port: 0, to: { address: "127.0.0.1", port: nobody } }];
    expect(shown(await verify([sound], { probe: { connectTo: wrong }, partners: "none" }))).toEqual([
      "sip.contoso.example stream-closed fail",
    ]);
  });

  test("a dead address once, whatever the number of domains", async () => {
    let connections = 0;
    const port = await listen((socket) => {
      connections++;
      socket.on("data", () => undefined); // says nothing
    });
    const domains = Array.from({ length: 40 }, (_, i) => ({ name: `d${i}.example` }));
    const report = await verify([edge(port, { domains })], { partners: "none", probe: { timeout: 0.5 } });
    expect(shown(report)).toEqual(["sip.contoso.example stream-timeout fail"]);
    expect(connections).toBe(1);
  });

  test("a living one for every domain, a few at once", async () => {
    let [open, most, connections] = [0, 0, 0];
    const port = await listen((socket) => {
      connections++;
      most = Math.max(most, ++open);
      socket.once("close", () => open--);
      socket.once("data", () => socket.end(`${HEADER}<stream:features/>`));
    });
    const domains = Array.from({ length: 40 }, (_, i) => ({ name: `d${i}.example` }));
    const report = await verify([edge(port, { domains })], { partners: "none" });
    expect(new Set(besides(report).map(({ id }) => id))).toEqual(new Set(["starttls-missing", "stream-from"]));
    expect(connections).toBe(40);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe("partners", () => {
  const asked = async (row: object, partner: Facts, more: Partial<VerifyOptions> = {}) => {
    const ours = edge(await edgeGateway(), { partners: [{ domain: REMOTE, ...TLS_DIALBACK, ...row }] });
    const report = await verify([ours, partner], more);
    return report.findings.filter(({ id }) => id.startsWith("partner-"));
  };

  test("a row that its server cannot meet, and the remedy as it stands", async () => {
    const partner = partnerEdge(await partnerGateway());
    const [found, ...others] = await asked(
      { tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" },
      partner,
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: "partner-no-common-method", domain: REMOTE, verdict: "fail" });
    const settings = JSON.parse(`{${/set (".*)$/.exec(found!.remedy)![1]}}`) as object;
    expect(
      await asked({ tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported", ...settings }, partner),
    ).toEqual([]);
  });

  test("that a number leaves out are counted", async () => {
    const partners = ["one.example", "two.example", "three.example"].map((domain) => ({ domain, ...TLS_DIALBACK }));
    const ours = edge(1, { partners });
    const left = async (more: Partial<VerifyOptions>) => (await verify([ours], more)).notLooked;
    expect(await left({ partners: 1 })).toEqual([{ what: "partners", count: 2 }]);
    for (const looked of ["all", "none", 3] as const) expect(await left({ partners: looked })).toBeUndefined();
    expect(await left({ partners: 1, probe: false })).toBeUndefined();
  });

  test("no fault of theirs is one of our domain", async () => {
    const ours = edge(await edgeGateway());
    const report = await verify([ours]);
    expect(besides(report)).toEqual([]);
    const gone = await verify([ours, edge(1, { domains: [{ name: "example" }] })]);
    expect(besides(gone)).toMatchObject([{ id: "partner-unresolvable", domain: REMOTE, verdict: "fail" }]);
    expect(gone.domains).toEqual([{ domain: LOCAL, verdict: "pass" }]);
  });

  test("that refuse, that are never dialled, that have a certificate of nobody", async () => {
    const port = await listen((socket) => socket.destroy());
    expect(await asked({}, partnerEdge(port))).toMatchObject([{ id: "partner-unreachable", verdict: "warn" }]);
    const own = { trustAnchors: [(await createLab()).anchorsPem] };
    const theirs = partnerEdge(await partnerGateway());
    expect(await asked({ saslNegotiation: "Required", ...own }, theirs)).toMatchObject([
      { id: "partner-no-common-method", found: expect.stringContaining("untrusted") },
    ]);
    expect(await asked({ saslNegotiation: "Required" }, theirs)).toEqual([]);
  });

  test("are looked at by the row's host where it names one", async () => {
    const theirs = partnerEdge(5269, {
      domains: [{ name: "hosting.example" }],
      accessEdge: { fqdn: "proxy.hosting.example" },
    });
    const connectTo = [
      { host: "proxy.hosting.example", port: 5269, to: { address: "127.0.0.1", port: await partnerGateway() } },
    ];
    const probe = { trustAnchors: TrustStore.fromPem(lab.anchorsPem), connectTo };
    expect(await asked({ proxyFqdn: "proxy.hosting.example" }, theirs, { probe })).toEqual([]);
  });

  test.each<[VerifyOptions["partners"], number]>([
    [undefined, 50],
    ["all", 120],
    ["none", 0],
    [7, 7],
  ])("%s: so many are looked at", async (partners, expected) => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      domain: `p${i}.example`,
      additionalDomains: [`q${i}.example`],
    }));
    const report = await verify(
      [edge(await edgeGateway(), { partners: many }), partnerEdge(5269, { domains: [{ name: "example" }] })],
      {
        ...(partners !== undefined && { partners }),
        evidence: "read",
      },
    );
    const about = report.findings.filter(({ id }) => id === "partner-unresolvable");
    expect(about.length).toBe(Math.min(expected, 120));
  });
});

test("a run that is ended while it looks says that it does not know", async () => {
  const end = new AbortController();
  let met = 0;
  // What it hears says that the other side knows of the connection as well.
  const silent = (socket: Socket) => void socket.once("data", () => void (++met === 2 && end.abort()));
  const edges = [edge(await listen(silent)), partnerEdge(await listen(silent))] as const;
  const report = await verify(edges, { signal: end.signal, probe: { timeout: 600 } });
  expect(shown(report).sort()).toEqual([
    `${REMOTE} partner-unknown unknown`,
    "sip.contoso.example stream-timeout unknown",
  ]);
  expect(report).toMatchObject({ verdict: "unknown", complete: false });
});
