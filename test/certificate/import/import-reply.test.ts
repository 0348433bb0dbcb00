import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { type ImportQuestion, importReply, NoKeyError } from "../../../src/certificate/import/import-reply";
import { type Reply, readReply } from "../../../src/certificate/import/read-reply";
import { certificatesOfPem } from "../../../src/certificate/pem";
import { type CertificateStore, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { spkiSha256 } from "../../../src/certificate/store/stored-pair";
import { TrustStore } from "../../../src/certificate/trust-store";
import { CLIENT_AUTH, CODE_SIGNING, type Issued, type IssueOptions, issue, NOW, rsa, SERVER_AUTH } from "../authority";
import { type Pair, pairOf } from "../store/pair";
import { pkcs7 } from "./openssl-files";

const NAMES = ["sip.contoso.example", "contoso.example"];

let root: Issued;
let upper: Issued;
let issuing: Issued;
let trust: TrustStore;
beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true });
  upper = await issue({ subject: "CN=Upper", issuer: root, ca: true });
  issuing = await issue({ subject: "CN=Issuing", issuer: upper, ca: true });
  trust = TrustStore.fromPem(root.pem);
});

let base: string;
let store: CertificateStore;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "import-test-"));
  store = openCertificateStore(join(base, "store"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A certificate that a CA made for an open request of the store. */
async function requested(options: Partial<IssueOptions> = {}): Promise<Pair & { requestId: string }> {
  const pair = await pairOf({ names: NAMES, issuer: issuing, purposes: [SERVER_AUTH, CLIENT_AUTH], ...options });
  const { id } = store.addRequest({
    csrPem: "-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n",
    keyPem: pair.keyPem,
    commonName: NAMES[0]!,
    names: NAMES,
    keyType: "ECDSA",
    bits: 256,
    spkiSha256: spkiSha256(createPublicKey(createPrivateKey(pair.keyPem))),
    friendlyName: "contoso edge",
  });
  return { ...pair, requestId: id };
}
const pem = (...issued: readonly Issued[]): Reply => readReply(Buffer.from(issued.map((one) => one.pem).join("\n")));
const take = (replies: readonly Reply[], more: Partial<ImportQuestion> = {}) =>
  importReply({ replies, store, names: NAMES, trust, now: NOW, ...more });
const codes = async (result: ReturnType<typeof take>) =>
  (await result).findings.map(({ severity, code }) => `${severity} ${code}`);

describe("a CA's reply", () => {
  it("is taken with its chain in order, whatever the order it came in, and its request closed", async () => {
    const { issued, requestId, keyPem } = await requested();
    const { record, findings, keyOrigin } = await take([pem(root, issuing), pem(upper), pem(issued)]);
    expect([findings, keyOrigin]).toEqual([[], "request"]);
    expect(record).toMatchObject({ requestId, source: "request", friendlyName: "contoso edge", live: false });
    const kept = store.credentials(record!.id);
    expect(certificatesOfPem(kept.certificatePem)).toEqual([issued.der, issuing.der, upper.der]);
    expect(kept.keyPem).toBe(keyPem);
    expect(store.requests()).toEqual([]);
  });

  it("is taken from PKCS#7, and says what it left out", async () => {
    const stranger = await issue({ subject: "CN=Stranger", ca: true });
    const { issued } = await requested();
    const file = pkcs7(
      {
        ...(await pairOf()),
        certificatePem: [stranger, root, upper, issuing, issued].map((one) => one.pem).join("\n"),
      },
      "DER",
    );
    const { record, chain } = await take([readReply(file)]);
    expect(record).toBeDefined();
    expect(chain.leftOut.map(({ subject }) => subject).sort()).toEqual(["CN=Root", "CN=Stranger"]);
  });

  it("finds its own among several open requests", async () => {
    const [first, second] = [await requested(), await requested()];
    const { record } = await take([pem(second.issued, issuing, upper)]);
    expect(record?.requestId).toBe(second.requestId);
    expect(store.requests().map(({ id }) => id)).toEqual([first.requestId]);
  });

  it("finds the key of the history when a CA issues again for it", async () => {
    const { issued, keyPem } = await requested();
    await take([pem(issued, issuing, upper)]);
    const again = await issue({ subject: "CN=again", names: NAMES, issuer: issuing, keyPair: issued.keys, from: -1 });
    const { record, keyOrigin } = await take([pem(again, issuing, upper)]);
    expect(keyOrigin).toBe("history");
    expect(store.credentials(record!.id).keyPem).toBe(keyPem);
  });

  it("may bring its key along, which is kept with the passphrase that is given", async () => {
    const pair = await pairOf({ names: NAMES, issuer: issuing });
    const file = Buffer.from(`${pair.keyPem}${pair.certificatePem}`);
    const { record, keyOrigin } = await take([readReply(file), pem(issuing, upper)], { keyPassphrase: "open sesame" });
    expect([keyOrigin, record?.source, record?.keyEncrypted]).toEqual(["reply", "imported", true]);
    const key = store.credentials(record!.id).keyPem;
    expect(createPrivateKey({ key, passphrase: "open sesame" }).asymmetricKeyType).toBe("ec");
  });

  it("without a key here is nobody's", async () => {
    await requested();
    const { issued } = await pairOf({ names: NAMES, issuer: issuing });
    await expect(take([pem(issued, issuing)])).rejects.toBeInstanceOf(NoKeyError);
  });
});

describe("a CA's reply is refused, with the reason, and its request stays open", () => {
  it.each<[string, Partial<IssueOptions>, readonly string[]]>([
    ["a name is missing", { names: ["contoso.example"] }, ["refused names-missing"]],
    ["there are no names", { names: [] }, ["refused names-missing"]],
    ["it has expired", { from: -20, to: -1 }, ["refused expired"]],
    ["it is not valid yet", { from: 1 }, ["refused expired"]],
    ["it is not for TLS", { purposes: [CODE_SIGNING] }, ["refused not-for-servers", "refused usage"]],
    ["it is for clients alone", { purposes: [CLIENT_AUTH] }, ["refused not-for-servers"]],
    ["its key is weak", { keys: rsa(1024) }, ["refused weak-key"]],
    ["its signature is weak", { hash: "SHA-1" }, ["refused weak-signature"]],
  ])("when %s", async (_, options, expected) => {
    const { issued } = await requested(options);
    expect(await codes(take([pem(issued, issuing, upper)]))).toEqual(expected);
    expect([store.requests().length, store.certificates()]).toEqual([1, []]);
  });

  it("when a CA's certificate is missing: its name is said", async () => {
    const { issued } = await requested();
    const { findings } = await take([pem(issued, issuing)]);
    expect(findings).toMatchObject([{ code: "issuer-missing", detail: expect.stringContaining("CN=Upper") }]);
  });

  it("when it leads to a root that came along and is not trusted", async () => {
    const own = await issue({ subject: "CN=Company root", ca: true });
    const { issued } = await requested({ issuer: own });
    const { findings } = await take([pem(issued, own)]);
    expect(findings).toMatchObject([{ code: "root-not-trusted", remedy: expect.stringContaining("--trust-anchors") }]);
  });

  it("with everything that is wrong at once", async () => {
    const { issued } = await requested({ names: ["other.example"], to: -1, purposes: [CLIENT_AUTH] });
    expect(await codes(take([pem(issued, issuing, upper)]))).toEqual([
      "refused names-missing",
      "note names-extra",
      "refused not-for-servers",
      "refused expired",
    ]);
  });
});

describe("notes on a good reply", () => {
  it.each<[string, Partial<IssueOptions>, readonly string[]]>([
    ["names beyond the definition", { names: [...NAMES, "more.example"] }, ["note names-extra"]],
    ["a wildcard that covers a name", { names: ["*.contoso.example", "contoso.example"] }, ["note names-extra"]],
    ["serverAuth alone, as public CAs issue", { purposes: [SERVER_AUTH] }, ["note not-for-clients"]],
  ])("tell of %s", async (_, options, expected) => {
    const { issued } = await requested(options);
    const result = take([pem(issued, issuing, upper)]);
    expect(await codes(result)).toEqual(expected);
    expect((await result).record).toBeDefined();
  });
});
