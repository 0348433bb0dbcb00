import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { contextPrimitive, TAG } from "../../../src/certificate/der";
import { encodeDer } from "../../../src/certificate/der-write";
import { type ImportQuestion, importReply, NoKeyError } from "../../../src/certificate/import/import-reply";
import { type Reply, readReply } from "../../../src/certificate/import/read-reply";
import { certificatesOfPem } from "../../../src/certificate/pem";
import { type CertificateStore, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { spkiSha256 } from "../../../src/certificate/store/stored-pair";
import { TrustStore } from "../../../src/certificate/trust-store";
import {
  CLIENT_AUTH,
  CODE_SIGNING,
  Extension,
  type Issued,
  type IssueOptions,
  inDays,
  issue,
  NOW,
  rsa,
  SERVER_AUTH,
  SUBJECT_ALT_NAME,
} from "../authority";
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

  it("when the CA itself has expired", async () => {
    const old = await issue({ subject: "CN=Old", issuer: root, ca: true, to: -1 });
    const { issued } = await requested({ issuer: old });
    expect(await codes(take([pem(issued, old)]))).toEqual(["refused expired"]);
  });

  it("when two CAs vouch for each other alone", async () => {
    const [a, b] = [await issue({ subject: "CN=A", ca: true }), await issue({ subject: "CN=B", ca: true })];
    const loop = [
      await issue({ subject: "CN=A", issuer: b, ca: true, keyPair: a.keys }),
      await issue({ subject: "CN=B", issuer: a, ca: true, keyPair: b.keys }),
    ];
    const { issued } = await requested({ issuer: a });
    expect(await codes(take([pem(issued, ...loop)]))).toEqual(["refused issuer-missing"]);
  });

  it.each([
    ["a day behind", -11],
    ["a day ahead of its end", 51],
  ])("when the clock is %s: the clock is among the remedies", async (_, days) => {
    const { issued } = await requested();
    const { findings } = await take([pem(issued, issuing, upper)], { now: inDays(days) });
    expect(findings).toMatchObject([{ code: "expired", remedy: expect.stringContaining("clock") }]);
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

describe("names that nobody should take for others", () => {
  const sanOf = (...names: readonly Buffer[]) =>
    new Extension(SUBJECT_ALT_NAME, false, encodeDer(TAG.sequence, ...names));
  const dnsName = (text: string, encoding: BufferEncoding = "latin1") =>
    encodeDer(contextPrimitive(2), Buffer.from(text, encoding));

  it.each<[string, () => IssueOptions["extensions"]]>([
    ["NUL", () => [sanOf(dnsName("contoso.example\0.evil.example"))]],
    ["UTF-8", () => [sanOf(dnsName("contöso.example", "utf8"))]],
    ["a string of another type", () => [sanOf(encodeDer(TAG.utf8String, Buffer.from("contoso.example")))]],
    ["1,000 of them", () => [sanOf(...Array.from({ length: 1000 }, (_, index) => dnsName(`d${index}.example`)))]],
  ])("make the certificate unreadable: %s", async (_, extensions) => {
    const { issued } = await pairOf({ names: [], extensions: extensions()!, issuer: issuing });
    expect(() => readReply(issued.der)).toThrow(expect.objectContaining({ code: "unreadable" }));
  });

  it("are taken as A-labels", async () => {
    const names = ["xn--mnchen-3ya.example"];
    const { issued } = await requested({ names });
    expect(await codes(take([pem(issued, issuing, upper)], { names }))).toEqual([]);
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
