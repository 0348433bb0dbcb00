import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, test } from "@jest/globals";
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import * as x509 from "@peculiar/x509";
import ts from "typescript";
import { type Definition, defineEdge, type EdgeInput } from "xmpp-edge";
import { type CertificateRecord, EdgeCertificates, httpAnswerer, TrustStore } from "xmpp-edge/certificate";
import { type Issued, inDays, issue, NOW } from "./authority";

const NAMES = ["sip.contoso.example", "contoso.example"];
const edge = (certificate: NonNullable<EdgeInput["certificate"]>): Definition =>
  defineEdge({
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example" },
    domains: [{ name: "contoso.example" }],
    certificate: { key: { type: "ECDSA" }, ...certificate },
  });

let root: Issued;
let trust: TrustStore;
beforeAll(async () => {
  // It is valid at the tests' time and at the machine's, by which the page's example goes.
  root = await issue({ subject: "CN=Root", ca: true, from: -3650, to: 3650 });
  trust = TrustStore.fromPem(root.pem);
});

let folder: string;
let directory: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-certificates-"));
  directory = join(folder, "store");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A CA that signs what it is asked for. */
async function sign(csrPem: string, notBefore = inDays(-1), notAfter = inDays(89)): Promise<Buffer[]> {
  const request = new x509.Pkcs10CertificateRequest(csrPem);
  const names = request.getExtension("2.5.29.17")!;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `40${randomBytes(8).toString("hex")}`,
      subject: request.subjectName,
      issuer: "CN=Root",
      notBefore,
      notAfter,
      publicKey: await request.publicKey.export(webcrypto),
      signingKey: root.keys.privateKey,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [names, new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])],
    },
    webcrypto,
  );
  return [Buffer.from(certificate.toString("pem"))];
}

const open = (definition = edge({ exportableKey: true }), now = NOW) =>
  EdgeCertificates.open(definition, directory, () => now.getTime());

async function enrolled(certificates: EdgeCertificates): Promise<CertificateRecord> {
  const { csrPem } = await certificates.request();
  const { record } = await certificates.import(await sign(csrPem), { trust });
  return record!;
}

describe("the certificates of an edge, as a library", () => {
  it("go from the plan over request, import and assignment to the export", async () => {
    const certificates = open();
    expect(certificates.plan()).toMatchObject({ next: "xmpp-edge certificate request <definition>" });
    const { csrPem, record: request } = await certificates.request({ keyPassphrase: "open sesame" });
    expect(request).toMatchObject({ names: NAMES, keyEncrypted: true });
    const result = await certificates.import(await sign(csrPem), { trust });
    expect(result).toMatchObject({ keyOrigin: "request", record: { names: NAMES, source: "request", live: false } });
    expect(certificates.assign()).toMatchObject({
      live: { id: result.record?.id },
      before: undefined,
      missingNames: [],
    });
    expect(certificates.plan().next).toBeUndefined();
    const pem = certificates.export({ format: "pem", keyPassphrase: "open sesame" }).toString();
    expect(new X509Certificate(pem).subject).toBe("CN=sip.contoso.example");
    expect(pem).toContain("BEGIN PRIVATE KEY");
    expect(certificates.export({ format: "pkcs12", keyPassphrase: "open sesame", exportPassphrase: "x" })[0]).toBe(
      0x30,
    );
  });

  it("go back to the one before", async () => {
    const certificates = open();
    const [first, second] = [await enrolled(certificates), await enrolled(certificates)];
    certificates.assign(first.id);
    expect(certificates.assign(second.id).before?.id).toBe(first.id);
    expect(certificates.rollBack().id).toBe(first.id);
    expect(certificates.store.live()?.id).toBe(first.id);
  });

  it("are looked at as partners will", async () => {
    const certificates = open();
    await expect(certificates.check({ trust })).rejects.toMatchObject({ code: "unknown-certificate" });
    certificates.assign((await enrolled(certificates)).id);
    expect(await certificates.check({ trust })).toMatchObject({ verdict: "pass" });
    const other = TrustStore.fromPem((await issue({ subject: "CN=Other", ca: true })).pem);
    expect(await certificates.check({ trust: other })).toMatchObject({ verdict: "fail" });
    expect(await open(undefined, inDays(100)).check({ trust })).toMatchObject({ verdict: "fail" });
  });

  it("come from a CA for tests, whose certificate is given along", async () => {
    const certificates = open(edge({ source: { kind: "lab" } }), new Date());
    const { record, caPem } = await certificates.issueForLab();
    expect(record).toMatchObject({ names: NAMES, live: true, source: "lab" });
    expect(await certificates.check({ trust: TrustStore.fromPem(caPem) })).not.toMatchObject({ verdict: "fail" });
  });

  it("refuse what must not be, with a reason and a remedy, and stay what they are", async () => {
    const certificates = open(edge({}));
    const live = await enrolled(certificates);
    certificates.assign(live.id);
    const { csrPem } = await certificates.request();
    const expired = await certificates.import(await sign(csrPem, inDays(-30), inDays(-1)), { trust });
    expect(expired).toMatchObject({ findings: [{ severity: "refused", code: "expired" }] });
    expect(expired.record).toBeUndefined();
    expect(() => certificates.export({ format: "pem" })).toThrow(expect.objectContaining({ code: "not-exportable" }));
    await expect(certificates.import([Buffer.from("\0")], { trust })).rejects.toMatchObject({
      code: "unreadable",
      remedy: expect.any(String),
    });
    expect(() => certificates.rollBack()).toThrow(expect.objectContaining({ code: "nothing-to-roll-back" }));
    expect(certificates.store.live()?.id).toBe(live.id);
  });

  test.each([
    ["another source", edge({}), /comes from request/],
    ["another challenge", edge({ source: { kind: "acme" } }), /proved by dns-01, not by http-01/],
  ])("ask no ACME server for a definition with %s", async (_, definition, message) => {
    const answerer = httpAnswerer({ now: Date.now });
    await expect(open(definition).renew({ answerer })).rejects.toMatchObject({
      code: "acme-refused",
      message: expect.stringMatching(message),
    });
  });
});

test("the page's example enrols, and does nothing where nothing is due", async () => {
  const page = readFileSync(join(__dirname, "..", "..", "docs", "certificates.md"), "utf8");
  const source = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, text]) => text!)
    .find((one) => one.includes("enrol("));
  const { outputText } = ts.transpileModule(source!, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  type Enrol = (...given: [Definition, string, typeof signNow, string]) => Promise<CertificateRecord | undefined>;
  const module = { exports: {} as { enrol: Enrol } };
  new Function("require", "module", "exports", outputText)(require, module, module.exports);
  const day = 86_400_000;
  const signNow = (csrPem: string) => sign(csrPem, new Date(Date.now() - day), new Date(Date.now() + 90 * day));
  const live = await module.exports.enrol(edge({}), directory, signNow, root.pem);
  expect(live).toMatchObject({ live: true, names: NAMES });
  expect(await module.exports.enrol(edge({}), directory, signNow, root.pem)).toBeUndefined();
});
