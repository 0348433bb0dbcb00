import { createPrivateKey } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { CredentialsError, OwnCertificates } from "../../../src/gateway/s2s/own-certificates";
import { createLab, type Lab } from "../lab";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});

describe("our own certificates", () => {
  test("are chosen by the first name that one of them has", async () => {
    const other = await lab.issue("*.tailspin.example", "tailspin.example");
    const own = new OwnCertificates([lab.edge, other]);
    const [first, second] = [own.contextFor("contoso.example"), own.contextFor("tailspin.example")];
    expect(second).not.toBe(first);
    expect(own.contextFor("xmpp.tailspin.example")).toBe(second);
    expect(own.contextFor("unknown.example", "tailspin.example")).toBe(second);
    expect(own.contextFor("unknown.example")).toBe(first);
    expect(own.contextFor(undefined)).toBe(first);
    expect(own.contextFor()).toBe(first);
  });

  test("tell which domains they do not name", () => {
    const own = new OwnCertificates([lab.edge]);
    expect(own.missing(["contoso.example", "sip.contoso.example", "tailspin.example", "a.contoso.example"])).toEqual([
      "tailspin.example",
      "a.contoso.example",
    ]);
  });

  test("open with their passphrase", () => {
    const keyPem = createPrivateKey(lab.edge.keyPem)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
      .toString();
    const certificatePem = lab.edge.certificatePem;
    expect(() => new OwnCertificates([{ certificatePem, keyPem, passphrase: "secret" }])).not.toThrow();
    for (const wrong of [{}, { passphrase: "wrong" }])
      expect(() => new OwnCertificates([{ certificatePem, keyPem, ...wrong }])).toThrow(
        expect.objectContaining({ code: "credentials-unusable", remedy: expect.stringContaining("passphrase") }),
      );
  });

  test.each([
    ["none", () => []],
    ["what is no certificate", () => [{ certificatePem: "nonsense", keyPem: lab.edge.keyPem }]],
    ["a key of another certificate", () => [{ ...lab.edge, keyPem: lab.partner.keyPem }]],
    ["what is no key", () => [{ ...lab.edge, keyPem: "nonsense" }]],
  ])("%s is refused with a remedy", (_, credentials) => {
    expect(() => new OwnCertificates(credentials())).toThrow(CredentialsError);
  });
});
