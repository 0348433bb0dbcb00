import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { createRequest, type RequestOptions } from "../../../src/certificate/request/create-request";

const subject = { commonName: "sip.contoso.example" };
const names = ["sip.contoso.example", "contoso.example"];
const EC: RequestOptions = { subject, names, key: { type: "ECDSA", bits: 256 } };

const openssl = (input: string, ...args: string[]) =>
  execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "pipe"], encoding: "utf8" });
/** What openssl reads; it verifies the signature first, and fails where it is wrong. */
const read = (csrPem: string) =>
  openssl(csrPem, "req", "-noout", "-text", "-verify", "-nameopt", "RFC2253,utf8,-esc_msb").replace(/\s+/g, " ");

describe("a certificate request, as openssl reads it", () => {
  it.each<[RequestOptions["key"], string]>([
    [{ type: "RSA", bits: 2048 }, "Public-Key: (2048 bit)"],
    [{ type: "RSA", bits: 3072 }, "Public-Key: (3072 bit)"],
    [{ type: "RSA", bits: 4096 }, "Public-Key: (4096 bit)"],
    [{ type: "ECDSA", bits: 256 }, "NIST CURVE: P-256"],
    [{ type: "ECDSA", bits: 384 }, "NIST CURVE: P-384"],
  ])("is signed by a key of %j, which is returned with it", async (key, shown) => {
    const { csrPem, keyPem } = await createRequest({ ...EC, key });
    expect(read(csrPem)).toContain(shown);
    const requested = openssl(csrPem, "req", "-noout", "-pubkey");
    expect(openssl(keyPem, "pkey", "-pubout")).toBe(requested);
  });

  it("has the whole subject, the largest part first", async () => {
    const { csrPem } = await createRequest({
      ...EC,
      subject: {
        commonName: "sip.contoso.example",
        organization: 'Contoso, "Süd" + Söhne',
        organizationalUnit: "Messaging",
        locality: "Milano",
        state: "Lombardia",
        country: "IT",
      },
    });
    expect(read(csrPem)).toContain(
      'Subject: CN=sip.contoso.example,OU=Messaging,O=Contoso\\, \\"Süd\\" \\+ Söhne,L=Milano,ST=Lombardia,C=IT',
    );
  });

  it("has every name, and the usages of a TLS server and client", async () => {
    const text = read((await createRequest({ ...EC, names: [...names, "*.contoso.example"] })).csrPem);
    expect(text).toContain("DNS:sip.contoso.example, DNS:contoso.example, DNS:*.contoso.example");
    expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
    expect(text).toContain("X509v3 Key Usage: critical Digital Signature ");
    expect(read((await createRequest({ ...EC, key: { type: "RSA", bits: 2048 } })).csrPem)).toContain(
      "Digital Signature, Key Encipherment",
    );
  });

  it("names a template of version 1 in Microsoft's extension", async () => {
    const { csrPem } = await createRequest({ ...EC, template: "WebServer" });
    expect(read(csrPem)).toContain("1.3.6.1.4.1.311.20.2: ...W.e.b.S.e.r.v.e.r");
  });

  it("takes 500 names, and says that 501 are too many", async () => {
    const many = Array.from({ length: 501 }, (_, index) => `d${index}.contoso.example`);
    const { csrPem } = await createRequest({ ...EC, names: many.slice(0, 500) });
    expect(read(csrPem)).toContain("DNS:d499.contoso.example");
    await expect(createRequest({ ...EC, names: many })).rejects.toMatchObject({ code: "bad-name" });
  });

  it.each(["", "münchen.example", "a b.example", "a\0.example", "*.*.example"])("refuses the name %j", async (name) => {
    await expect(createRequest({ ...EC, names: [name] })).rejects.toMatchObject({ code: "bad-name" });
  });
});

describe("the key of a request", () => {
  it("opens with its passphrase only", async () => {
    const { keyPem } = await createRequest({ ...EC, keyPassphrase: "pässword" });
    expect(keyPem).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    expect(createPrivateKey({ key: keyPem, passphrase: "pässword" }).asymmetricKeyType).toBe("ec");
    expect(() => createPrivateKey({ key: keyPem, passphrase: "password" })).toThrow();
  });
});
