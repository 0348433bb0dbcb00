import { beforeAll, describe, expect, test } from "@jest/globals";
import { Certificate } from "../../../src/certificate/certificate";
import { TrustStore } from "../../../src/certificate/chain";
import { externalNotes, usesOf } from "../../../src/certificate/check/external";
import { type ChainInspectionQuestion, inspectChain } from "../../../src/certificate/check/inspect-chain";
import { contextConstructed, contextPrimitive, TAG } from "../../../src/certificate/der";
import { encodeDer } from "../../../src/certificate/der-write";
import { CLIENT_AUTH, CODE_SIGNING, Extension, type Issued, inDays, issue, NOW, SERVER_AUTH } from "../authority";
import { CHAINS, DOMAIN, Scenery } from "../chains";

let scenery: Scenery;
let trust: TrustStore;
beforeAll(async () => {
  scenery = await Scenery.build();
  trust = TrustStore.fromPem(scenery.anchors.map((one) => one.pem).join("\n"));
});

const inspect = (chain: readonly Issued[], question: Partial<ChainInspectionQuestion> = {}) =>
  inspectChain({
    chain: chain.map(({ der }) => der),
    domains: [DOMAIN],
    trust,
    now: NOW,
    live: false,
    ...question,
  });
const ids = async (chain: readonly Issued[], question: Partial<ChainInspectionQuestion> = {}) =>
  (await inspect(chain, question)).findings.map(({ id }) => id);

test.each(CHAINS)("$name: says what validation says ($expected)", async ({ expected, build }) => {
  const found = await ids(await build(scenery));
  expect(found).toEqual(expected === "accept" ? [] : [`certificate-${expected}`]);
});

describe("what is told of a sound chain", () => {
  test("is each certificate, its names and its days", async () => {
    const { certificates, findings, revocation } = await inspect(
      await scenery.withLeaf({ names: [DOMAIN, "x.example"] }),
    );
    expect(findings).toEqual([]);
    expect(revocation).toEqual([]);
    expect(certificates).toMatchObject([
      { subject: "CN=partner.example", issuer: "CN=Issuing", names: [DOMAIN, "x.example"], daysLeft: 50 },
      { subject: "CN=Issuing", issuer: "CN=Root", names: [], notAfter: inDays(50).toISOString() },
    ]);
    expect(certificates[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is its revocation, where it is looked at", async () => {
    const lists = async () => Buffer.alloc(0);
    const { revocation } = await inspect(await scenery.withLeaf(), { lists });
    expect(revocation).toMatchObject([
      { subject: "CN=partner.example", status: "unpublished" },
      { subject: "CN=Issuing", status: "unpublished" },
    ]);
  });
});

describe("what is found", () => {
  test("of several domains that are refused alike is one finding", async () => {
    const { findings } = await inspect(await scenery.withLeaf(), { domains: [DOMAIN, "a.example", "b.example"] });
    expect(findings).toMatchObject([
      { id: "certificate-wrong-name", verdict: "fail", domains: ["a.example", "b.example"] },
    ]);
  });

  test.each([
    // Of a life of 60 days a third is 20; of one of 300 days the last 30 count.
    [{ from: -45, to: 15 }, ["certificate-expires-soon"]],
    [{ from: -35, to: 25 }, []],
    [{ from: -275, to: 29 }, ["certificate-expires-soon"]],
    [{ from: -265, to: 31 }, []],
  ])("of a life from day %j", async (life, expected) => {
    expect(await ids(await scenery.withLeaf(life))).toEqual(expected);
  });

  test("of names that the definition has and the certificate lacks is a warning", async () => {
    const { findings } = await inspect(await scenery.withLeaf({ names: [DOMAIN, "*.a.example"] }), {
      names: ["sip.a.example", "sip.b.example"],
    });
    expect(findings).toMatchObject([
      { id: "certificate-name-missing", verdict: "warn", found: expect.stringContaining("sip.b.example") },
    ]);
    expect(findings[0]!.found).not.toContain("sip.a.example");
  });

  test("of a key that is none of the pins is a failure", async () => {
    const pin = "0".repeat(64);
    const { findings } = await inspect(await scenery.withLeaf(), { pins: [pin] });
    expect(findings).toMatchObject([{ id: "certificate-pin", verdict: "fail" }]);
    const own = /key ([0-9a-f]{64})/.exec(findings[0]!.found)![1]!;
    const leaf = await scenery.leaf();
    expect(await ids([leaf, scenery.issuing], { pins: [own] })).toEqual(["certificate-pin"]);
  });

  test("of an xmppAddr name is a warning", async () => {
    const address = encodeDer(
      contextConstructed(0),
      Buffer.from("06082b06010505070805", "hex"), // id-on-xmppAddr
      encodeDer(contextConstructed(0), encodeDer(TAG.utf8String, Buffer.from(DOMAIN))),
    );
    const value = encodeDer(TAG.sequence, address, encodeDer(contextPrimitive(2), Buffer.from(DOMAIN)));
    const leaf = await scenery.leaf({ names: [], extensions: [new Extension("2.5.29.17", false, value)] });
    expect(await ids([leaf, scenery.issuing])).toEqual(["certificate-xmpp-address"]);
  });

  test("of bytes that are no certificate is a failure", async () => {
    const result = await inspectChain({
      chain: [Buffer.from("no certificate")],
      domains: [DOMAIN],
      trust,
      now: NOW,
      live: false,
    });
    expect(result.certificates).toEqual([]);
    expect(result.external).toEqual([]);
    expect(result.findings.map(({ id }) => id)).toEqual(["certificate-unreadable"]);
  });
});

describe("what the uses mean for SASL EXTERNAL", () => {
  test.each([
    [[SERVER_AUTH, CLIENT_AUTH], "server and client", ["taken", "taken", "taken"]],
    [[SERVER_AUTH], "server only", ["taken", "refused", "taken"]],
    [[CLIENT_AUTH], "client only", ["untried"]],
    [[CODE_SIGNING], "neither", ["untried"]],
    [["2.5.29.37.0"], "any", ["untried"]],
    [undefined, "any", ["untried"]],
  ] as const)("%j: %s", async (purposes, uses, connecting) => {
    const plain = { subject: "CN=partner.example", issuer: scenery.issuing, names: [DOMAIN] };
    const leaf = Certificate.read((await issue({ ...plain, ...(purposes && { purposes }) })).der);
    expect(usesOf(leaf)).toBe(uses);
    expect(externalNotes(leaf).map((note) => note.connecting)).toEqual(connecting);
    for (const { text } of externalNotes(leaf)) expect(text).toMatch(/Prosody|ejabberd/);
  });
});
