import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  ExportError,
  type ExportQuestion,
  exportCertificate,
} from "../../../src/certificate/export/export-certificate";
import { writePkcs12 } from "../../../src/certificate/export/write-pkcs12";
import { readReply } from "../../../src/certificate/import/read-reply";
import { certificatesOfPem } from "../../../src/certificate/pem";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { spkiSha256 } from "../../../src/certificate/store/stored-pair";
import { type Issued, issue, rsa } from "../authority";
import { openssl } from "../import/openssl-files";
import { type Pair, pairOf } from "../store/pair";

const PASSWORD = "pässword";
let base: string;
let pairs: Readonly<Record<"EC" | "RSA", Pair>>;
let ca: Issued;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "export-test-"));
  ca = await issue({ subject: "CN=Issuing", ca: true });
  pairs = {
    EC: await pairOf({ issuer: ca }, [ca]),
    RSA: await pairOf({ issuer: ca, keys: rsa(2048) }, [ca]),
  };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

let count = 0;
function stored(pair: Pair, keyPem = pair.keyPem): Pick<ExportQuestion, "store" | "id"> {
  const store = openCertificateStore(join(base, `store-${++count}`));
  const { certificatePem } = pair;
  const { id } = store.addCertificate({ certificatePem, keyPem, source: "imported", friendlyName: "Kante 1 ✓" });
  return { store, id };
}
const spkiOf = (keyPem: string) => spkiSha256(createPublicKey(createPrivateKey(keyPem)));
const encrypted = (keyPem: string) =>
  createPrivateKey(keyPem)
    .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "store secret" })
    .toString();

describe.each(["EC", "RSA"] as const)("an exported PKCS#12 file with a key of %s", (kind) => {
  const write = () =>
    exportCertificate({ ...stored(pairs[kind]), exportableKey: true, format: "pkcs12", exportPassphrase: PASSWORD });

  it("is read by openssl: chain, key and friendly name", () => {
    const text = openssl(["pkcs12", "-in", "p12", "-passin", "file:password", "-noenc", "-out", "out"], {
      p12: write(),
      password: `${PASSWORD}\n`,
    }).toString();
    expect(certificatesOfPem(text)).toEqual(certificatesOfPem(pairs[kind].certificatePem));
    const [key = ""] = /-----BEGIN PRIVATE KEY-----[\s\S]*-----END PRIVATE KEY-----\n/.exec(text) ?? [];
    expect(spkiOf(key)).toBe(spkiOf(pairs[kind].keyPem));
    expect(text).toContain("friendlyName: Kante 1");
  });

  it("is encrypted by AES-256 and protected by SHA-256, as openssl tells", () => {
    const folder = mkdtempSync(join(base, "info-"));
    const info = execFileSync("sh", ["-c", 'cat > p12 && openssl pkcs12 -in p12 -info -noout -passin "pass:$P" 2>&1'], {
      cwd: folder,
      input: write(),
      env: { ...process.env, P: PASSWORD },
      encoding: "utf8",
    });
    expect(info).toContain("MAC: sha256, Iteration 100000");
    expect(info.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g)).toHaveLength(2);
  });

  it("is read by ourselves", () => {
    const { certificates, keys } = readReply(write(), { pkcs12: PASSWORD });
    expect(certificates.map((one) => one.der)).toEqual(certificatesOfPem(pairs[kind].certificatePem));
    expect(
      keys.map((key) => spkiSha256(createPublicKey(key.export({ format: "pem", type: "pkcs8" }).toString()))),
    ).toEqual([spkiOf(pairs[kind].keyPem)]);
  });
});

describe("PKCS#12 of ours", () => {
  it("opens with any passphrase it was written with", () => {
    const { issued, keyPem } = pairs.EC;
    const key = createPrivateKey(keyPem);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (passphrase) => {
        const file = writePkcs12({ certificates: [issued.der], key, passphrase });
        expect(readReply(file, { pkcs12: passphrase }).keys).toHaveLength(1);
      }),
      { numRuns: 10 },
    );
  });
});

describe("export", () => {
  it("in PEM has chain and key, locked where a passphrase is given", () => {
    const question = { ...stored(pairs.EC), exportableKey: true, format: "pem" } as const;
    const open = exportCertificate(question).toString();
    expect(open).toBe(pairs.EC.certificatePem + pairs.EC.keyPem.trimEnd().concat("\n"));
    const locked = exportCertificate({ ...question, exportPassphrase: PASSWORD }).toString();
    expect(locked).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    expect(readReply(Buffer.from(locked), { key: PASSWORD }).keys).toHaveLength(1);
  });

  it("opens a key that is encrypted in the store", () => {
    const question = stored(pairs.EC, encrypted(pairs.EC.keyPem));
    const pem = exportCertificate({ ...question, exportableKey: true, format: "pem", keyPassphrase: "store secret" });
    expect(pem.toString()).toContain("BEGIN PRIVATE KEY");
  });

  it.each<[string, Partial<ExportQuestion>, string]>([
    ["a key that is not marked exportable", { exportableKey: false }, "not-exportable"],
    ["PKCS#12 without a passphrase", { format: "pkcs12" }, "passphrase-needed"],
    ["an encrypted key without its passphrase", {}, "key-locked"],
    ["an encrypted key with another one", { keyPassphrase: "other" }, "wrong-passphrase"],
  ])("refuses %s", (_, change, code) => {
    const question = { ...stored(pairs.EC, encrypted(pairs.EC.keyPem)), exportableKey: true, format: "pem" } as const;
    expect(() => exportCertificate({ ...question, ...change })).toThrow(ExportError);
    expect(() => exportCertificate({ ...question, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
