import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import { LAB_CA_NAME, LabCa, LabCaError } from "../../src/certificate/lab-ca";
import { certificatesOfPem } from "../../src/certificate/pem";
import { inDays, NOW } from "./authority";

let ca: LabCa;

beforeAll(async () => {
  ca = await LabCa.create({ now: NOW });
});

const judge = (certificatePem: string, domain: string, now = NOW, authority = ca) => {
  const trust = TrustStore.fromPem(authority.certificatePem);
  const verdict = validateChain({ presented: certificatesOfPem(certificatePem), trust, domain, now });
  return verdict.ok ? "accept" : verdict.code;
};
const codeOf = async (act: () => Promise<unknown>) => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof LabCaError) return error.code;
    throw error;
  }
};

describe("the CA", () => {
  test("says that it is none for production", () => {
    const certificate = new X509Certificate(ca.certificatePem);
    expect(certificate.subject).toBe("CN=xmpp-edge LAB CA - NOT FOR PRODUCTION");
    expect(LAB_CA_NAME).toContain("NOT FOR PRODUCTION");
    expect(certificate.ca).toBe(true);
  });

  test("is valid for 30 days unless told otherwise", async () => {
    const daysOf = ({ certificatePem }: LabCa) =>
      (new X509Certificate(certificatePem).validToDate.getTime() - NOW.getTime()) / 86_400_000;
    expect(daysOf(ca)).toBe(30);
    expect(daysOf(await LabCa.create({ now: NOW, validDays: 2 }))).toBe(2);
  });

  test("is constrained by its certificate, not by good will alone", async () => {
    const store = TrustStore.fromPem(ca.certificatePem);
    const [constraints] = certificatesOfPem(ca.certificatePem).map((der) => store.read(der).extensions.nameConstraints);
    expect(constraints?.permitted.map((base) => base.form === "dns" && base.name)).toContain("example");
    expect(constraints?.excluded).toEqual([]);
  });

  test.each([
    ["no domains", { permittedDomains: [] }, "bad-domain"],
    ["a wildcard as domain", { permittedDomains: ["*.example"] }, "bad-domain"],
    ["a domain in U-labels", { permittedDomains: ["exämple.test"] }, "bad-domain"],
    ["no day", { validDays: 0 }, "bad-validity"],
    ["days that are no number", { validDays: Number.NaN }, "bad-validity"],
    ["eleven years", { validDays: 4015 }, "bad-validity"],
  ])("refuses %s", async (_title, options, code) => {
    expect(await codeOf(() => LabCa.create({ now: NOW, ...options }))).toBe(code);
  });
});

describe("a certificate", () => {
  test("passes validation for each of its names and no other", async () => {
    const names = ["sip.contoso.example", "contoso.example", "*.chat.contoso.example"];
    const { certificatePem } = await ca.issue({ commonName: "contoso", names });
    expect(judge(certificatePem, "sip.contoso.example")).toBe("accept");
    expect(judge(certificatePem, "contoso.example")).toBe("accept");
    expect(judge(certificatePem, "a.chat.contoso.example")).toBe("accept");
    expect(judge(certificatePem, "contoso")).toBe("wrong-name");
    expect(judge(certificatePem, "fabrikam.example")).toBe("wrong-name");
  });

  test("comes with the CA's and with its own key", async () => {
    const { certificatePem, keyPem } = await ca.issue({ commonName: "contoso", names: ["contoso.example"] });
    const [leaf, issuer] = certificatesOfPem(certificatePem).map((der) => new X509Certificate(der));
    expect(leaf?.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(issuer?.raw).toEqual(new X509Certificate(ca.certificatePem).raw);
  });

  test("lives as long as it is told, and never longer than the CA", async () => {
    const names = ["contoso.example"];
    const short = await ca.issue({ commonName: "contoso", names, validDays: 1 });
    const long = await ca.issue({ commonName: "contoso", names, validDays: 3650 });
    expect(judge(short.certificatePem, "contoso.example", inDays(0.99))).toBe("accept");
    expect(judge(short.certificatePem, "contoso.example", inDays(1.01))).toBe("expired");
    expect(judge(long.certificatePem, "contoso.example", inDays(29.99))).toBe("accept");
    expect(judge(long.certificatePem, "contoso.example", inDays(30.01))).toBe("expired");
  });

  test("is not trusted by way of another lab CA of the same name", async () => {
    const { certificatePem } = await ca.issue({ commonName: "contoso", names: ["contoso.example"] });
    const stranger = await LabCa.create({ now: NOW });
    expect(judge(certificatePem, "contoso.example", NOW, stranger)).toBe("untrusted");
  });

  test("takes a common name as text, whatever is in it", async () => {
    const commonName = "contoso, O=Evil+OU=x";
    const { certificatePem } = await ca.issue({ commonName, names: ["contoso.example"] });
    const { subject } = new X509Certificate(certificatePem).toLegacyObject();
    expect({ ...subject }).toEqual({ CN: commonName });
  });

  test.each([
    ["a real domain", ["contoso.com"], "name-not-permitted"],
    ["a domain that ends alike", ["notexample"], "name-not-permitted"],
    ["one bad name among good ones", ["contoso.example", "contoso.com"], "name-not-permitted"],
    ["text that is no name", ["a b.example"], "name-not-permitted"],
    ["a name in U-labels", ["exämple.example"], "name-not-permitted"],
    ["no names", [], "no-names"],
  ])("is not made for %s", async (_title, names, code) => {
    expect(await codeOf(() => ca.issue({ commonName: "x", names }))).toBe(code);
  });

  test("is made for real domains by a CA that was made for them", async () => {
    const own = await LabCa.create({ now: NOW, permittedDomains: ["Contoso.com"], name: "My lab" });
    const { certificatePem } = await own.issue({ commonName: "x", names: ["chat.contoso.com"] });
    expect(judge(certificatePem, "chat.contoso.com", NOW, own)).toBe("accept");
    expect(await codeOf(() => own.issue({ commonName: "x", names: ["a.example"] }))).toBe("name-not-permitted");
  });
});
