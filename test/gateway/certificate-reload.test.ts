import { X509Certificate } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { reloadCertificates } from "../../src/gateway/certificate-reload";
import { createLog } from "../../src/gateway/log";
import { OwnCertificates } from "../../src/gateway/s2s/own-certificates";
import { createLab, type Lab } from "./lab";

const DOMAINS = ["contoso.example", "other.example", "unnamed.example"];

let lab: Lab;
let lines: Record<string, unknown>[];
const log = createLog(
  (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  "info",
  () => 0,
);
const sha256Of = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

beforeAll(async () => {
  lab = await createLab();
});
beforeEach(() => {
  lines = [];
});

describe("reloading our certificates", () => {
  it("serves the new ones from then on, and says for which domains", async () => {
    const certificates = new OwnCertificates([await lab.issue("contoso.example")]);
    const before = certificates.contextFor("contoso.example");
    const [both, second] = [await lab.issue("contoso.example"), await lab.issue("other.example")];
    reloadCertificates(certificates, () => [both, second], DOMAINS, log);
    expect(certificates.contextFor("contoso.example")).not.toBe(before);
    expect(lines).toMatchObject([
      { event: "certificate-reloaded", domains: ["contoso.example"], sha256: sha256Of(both.certificatePem) },
      { event: "certificate-reloaded", domains: ["other.example"], sha256: sha256Of(second.certificatePem) },
      { event: "certificate-names-missing", domains: ["unnamed.example"] },
    ]);
  });

  it.each<[string, () => Promise<{ certificatePem: string; keyPem: string }[]>]>([
    ["a key of another certificate", async () => [{ ...(await lab.issue(DOMAINS[0]!)), keyPem: lab.edge.keyPem }]],
    ["no certificate", async () => [{ ...lab.edge, certificatePem: "" }]],
    ["nothing at all", async () => []],
  ])("keeps the old ones for %s, and says which domains keep what", async (_, make) => {
    const own = await lab.issue("contoso.example", "other.example");
    const certificates = new OwnCertificates([own]);
    const before = certificates.contextFor("contoso.example");
    const broken = await make();
    reloadCertificates(certificates, () => broken, DOMAINS, log);
    expect(certificates.contextFor("contoso.example")).toBe(before);
    expect(lines).toMatchObject([
      { event: "certificate-reload-failed", code: "credentials-unusable", remedy: expect.any(String) },
      {
        event: "certificate-kept",
        domains: ["contoso.example", "other.example"],
        sha256: sha256Of(own.certificatePem),
      },
    ]);
  });

  it("keeps the old ones where reading fails", () => {
    const certificates = new OwnCertificates([lab.edge]);
    reloadCertificates(
      certificates,
      () => {
        throw Object.assign(new Error("others can read this key"), { code: "store-open-to-others", remedy: "chmod" });
      },
      ["contoso.example"],
      log,
    );
    expect(lines[0]).toMatchObject({ code: "store-open-to-others", reason: "others can read this key" });
    expect(certificates.servedFor("contoso.example")).toBeDefined();
  });
});
