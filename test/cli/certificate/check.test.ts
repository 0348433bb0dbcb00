import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import type { CertificateReport } from "../../../src/certificate/check/report";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { closeServers, features, HEADER, listen, PROCEED, STARTTLS, script, secure } from "../../dns/probe/servers";
import { type Responder, startResponder, zone } from "../../dns/responder";
import { documentOf, LOCAL, partner, REMOTE } from "../../gateway/documents";
import { createLab, type Lab } from "../../gateway/lab";
import { startTestGateway, stopGateways } from "../../gateway/running";
import { runCli } from "../run-cli";

let folder: string;
let lab: Lab;
let definition: string;
const responders: Responder[] = [];
const file = (name: string, text: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-check-"));
  lab = await createLab();
  definition = file(
    "edge.json",
    JSON.stringify({
      name: "contoso",
      accessEdge: { fqdn: `sip.${LOCAL}` },
      domains: [{ name: LOCAL }],
      partners: [{ domain: REMOTE }],
    }),
  );
  file("anchors.pem", lab.anchorsPem);
  file("edge.pem", lab.edge.certificatePem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await closeServers();
  await stopGateways();
  await Promise.all(responders.splice(0).map((one) => one.close()));
});

const check = (...options: string[]) =>
  runCli(["certificate", "check", definition, "--trust-anchors", join(folder, "anchors.pem"), ...options]);
async function reportOf(...options: string[]): Promise<CertificateReport & { readonly code: number }> {
  const { code, stdout, stderr } = await check(...options, "--json");
  if (stdout === "") throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as CertificateReport) };
}
const findings = ({ subjects }: CertificateReport) => subjects.flatMap((one) => one.findings.map(({ id }) => id));

/** The partner's server: TLS, then EXTERNAL for whom it knows. */
const partnerServer = (pair = lab.partner) =>
  listen((socket) =>
    script(socket, [
      [/<stream:stream[^>]*from='contoso.example'[^>]*>/, HEADER + features(STARTTLS)],
      [
        /<starttls[^>]*>/,
        () => {
          socket.write(PROCEED);
          secure(socket, pair, undefined, (tls) =>
            script(tls, [
              [
                /<stream:stream[^>]*>/,
                `${HEADER}${features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>")}`,
              ],
            ]),
          );
        },
      ],
    ]),
  );

describe("a file", () => {
  test("that is sound", async () => {
    const report = await reportOf("--file", join(folder, "edge.pem"));
    expect(report).toMatchObject({
      code: 0,
      schema: "xmpp-edge/certificate-check/1",
      verdict: "pass",
      subjects: [{ connection: null, certificates: [{ names: [`sip.${LOCAL}`, LOCAL] }, {}] }],
    });
    expect(report.subjects[0]!.revocation).toMatchObject([{ status: "unpublished" }]);
  });

  test("in DER", async () => {
    const pem = lab.edge.certificatePem;
    const der = Buffer.from(/-----BEGIN CERTIFICATE-----([^-]*)-/.exec(pem)![1]!, "base64");
    expect((await reportOf("--file", file("edge.der", der))).verdict).toBe("pass");
  });

  test("of another domain fails", async () => {
    const report = await reportOf("--file", file("other.pem", lab.partner.certificatePem));
    expect(report.code).toBe(1);
    expect(findings(report)).toEqual(["certificate-wrong-name", "certificate-name-missing"]);
  });

  test("of an unknown CA fails", async () => {
    const forged = file("forged.pem", (await createLab()).edge.certificatePem);
    const { code, stdout } = await check("--file", forged);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL +certificate-untrusted for contoso\.example\n +found .*LAB CA/);
  });

  test.each([["is not there", "missing.pem", /missing\.pem \(--file\) cannot be read: ENOENT/]])(
    "that %s is used wrongly",
    async (_, name, message) => {
      const { code, stderr } = await check("--file", join(folder, name));
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
    },
  );

  test("of nonsense fails", async () => {
    const report = await reportOf("--file", file("nonsense", "nonsense"));
    expect(findings(report)).toEqual(["certificate-unreadable"]);
  });
});

describe("a live port", () => {
  test("of our own gateway shows its certificate to a stranger", async () => {
    const { port } = await startTestGateway(lab, { document: documentOf([partner()]) });
    const report = await reportOf("--connect", `127.0.0.1:${port}`);
    expect(report.code).toBe(0);
    expect(report.subjects[0]).toMatchObject({
      subject: `${LOCAL} at 127.0.0.1:${port}`,
      connection: { starttls: "required", tlsVersion: "TLSv1.3" },
      certificates: [{ names: [`sip.${LOCAL}`, LOCAL] }, {}],
    });
  });

  test("of a partner is asked in our name", async () => {
    const port = await partnerServer();
    const { code, stdout } = await check("--connect", `127.0.0.1:${port}`, "--domain", REMOTE);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PASS +fabrikam\.example at 127\.0\.0\.1/);
    expect(stdout).toMatch(/tls +TLSv1\.3 TLS_AES\S+; STARTTLS optional; offers us EXTERNAL, dialback\n/);
    expect(stdout).toContain("Prosody 0.12 takes it for SASL EXTERNAL in both directions");
  });

  test("where nobody listens could not be told", async () => {
    const port = await partnerServer();
    await closeServers();
    const report = await reportOf("--connect", `127.0.0.1:${port}`);
    expect(report.code).toBe(3);
    expect(findings(report)).toEqual(["connection-connect-failed"]);
  });

  test("without TLS fails", async () => {
    const port = await listen((socket) => script(socket, [[/<stream:stream[^>]*>/, HEADER + features("")]]));
    const report = await reportOf("--connect", `127.0.0.1:${port}`);
    expect(report.code).toBe(1);
    expect(findings(report)).toEqual(["connection-no-starttls"]);
  });
});

describe("partners", () => {
  async function resolver(records: readonly Answer[]): Promise<string> {
    const responder = await startResponder(zone(records));
    responders.push(responder);
    return `${responder.address}:${responder.port}`;
  }
  const at = (port: number): Answer[] => [
    { type: "SRV", name: `_xmpp-server._tcp.${REMOTE}`, data: { port, target: `xmpp.${REMOTE}` } },
    { type: "A", name: `xmpp.${REMOTE}`, ttl: 60, data: "127.0.0.1" },
  ];
  const LOOPBACK = ["--allow-private-targets", "127.0.0.0/8"];

  test("are found by DNS and judged by their own domain", async () => {
    const port = await partnerServer();
    const report = await reportOf("--partners", "--resolver", await resolver(at(port)), ...LOOPBACK);
    expect(report.code).toBe(0);
    expect(report.subjects).toMatchObject([
      { subject: `${REMOTE} at 127.0.0.1:${port}`, verdict: "pass", connection: { external: true } },
    ]);
  });

  test("with another's certificate fail", async () => {
    const port = await partnerServer(lab.edge);
    const report = await reportOf("--partners", "--resolver", await resolver(at(port)), ...LOOPBACK);
    expect(findings(report)).toEqual(["certificate-wrong-name"]);
  });

  test("behind private addresses are not asked unless that is allowed", async () => {
    const port = await partnerServer();
    const report = await reportOf("--partners", "--resolver", await resolver(at(port)));
    expect(report.code).toBe(1);
    expect(findings(report)).toEqual(["partner-forbidden"]);
  });

  test("without a server fail", async () => {
    const report = await reportOf("--partners", "--resolver", await resolver([]));
    expect(findings(report)).toEqual(["partner-absent"]);
  });
});

describe("the store's live certificate", () => {
  const stored = (pair: { certificatePem: string; keyPem: string }): string => {
    const directory = mkdtempSync(join(folder, "store-"));
    const store = openCertificateStore(directory);
    store.assign(store.addCertificate({ ...pair, source: "imported" }).id);
    return directory;
  };

  test("is checked like a file", async () => {
    const report = await reportOf("--store", stored(lab.edge));
    expect(report).toMatchObject({ code: 0, verdict: "pass" });
  });

  test("is shown to whom we connect", async () => {
    const { port } = await startTestGateway(lab, {
      document: documentOf([partner({ domain: LOCAL, domains: [LOCAL] })], { localDomains: [REMOTE] }),
      credentials: [lab.partner],
    });
    const options = ["--connect", `127.0.0.1:${port}`, "--domain", REMOTE];
    const shown = await reportOf(...options, "--store", stored(lab.edge));
    expect(shown.subjects[0]!.connection?.external).toBe(true);
    const hidden = await reportOf(...options);
    expect(hidden.subjects[0]!.connection?.external).not.toBe(true);
  });

  test("has to be there", async () => {
    const directory = mkdtempSync(join(folder, "store-"));
    openCertificateStore(directory);
    const { code, stderr } = await check("--store", directory);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("no certificate is live") });
  });
});

test.each([
  [[], /nothing to check is given/],
  [["--partners", "--file", "x"], /more than one thing/],
  [["--file", "x", "--domain", LOCAL], /--domain is given without --connect/],
  [["--connect", "a:b:c"], /Give a host and a port/],
  [["--connect", "a:70000"], /Give a host and a port/],
  [["--partners", "--timeout", "0"], /Give seconds/],
])("%j is used wrongly", async (options, message) => {
  const { code, stderr } = await check(...options);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
});
