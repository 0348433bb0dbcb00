import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readBer } from "../../../src/certificate/import/ber";
import { type Passphrases, readReply } from "../../../src/certificate/import/read-reply";
import { ReplyError } from "../../../src/certificate/import/reply-error";
import { certificatesOfPem } from "../../../src/certificate/pem";
import { spkiSha256 } from "../../../src/certificate/store/stored-pair";
import { runs } from "../../fuzz-runs";
import { type Issued, issue, rsa } from "../authority";
import { type Pair, pairOf } from "../store/pair";
import { openssl, PASSWORD, pkcs7, pkcs12 } from "./openssl-files";

let ca: Issued;
let ec: Pair;
let rsaPair: Pair;
beforeAll(async () => {
  ca = await issue({ subject: "CN=Issuing", ca: true });
  ec = await pairOf({ issuer: ca }, [ca]);
  rsaPair = await pairOf({ issuer: ca, keys: rsa(2048) }, [ca]);
});

const countOf = (one: Pair) => certificatesOfPem(one.certificatePem).length;
const spki = (key: KeyObject) => spkiSha256(createPublicKey(key.export({ format: "pem", type: "pkcs8" })));
const spkiOf = (one: Pair) => spkiSha256(createPublicKey(createPrivateKey(one.keyPem)));
const unlocked = { pkcs12: PASSWORD };

describe("a CA's reply", () => {
  it.each<[string, () => Buffer, string, number]>([
    ["a certificate in PEM", () => Buffer.from(ec.issued.pem), "PEM", 1],
    ["a chain in PEM, with text around", () => Buffer.from(`Subject: x\n${ec.certificatePem}\nend`), "PEM", 2],
    [
      "PEM with CRLF and a byte order mark",
      () => Buffer.from(`\ufeff${ec.issued.pem.replace(/\n/g, "\r\n")}`),
      "PEM",
      1,
    ],
    ["a certificate in DER", () => ec.issued.der, "DER", 1],
    ["PKCS#7 in DER", () => pkcs7(ec, "DER"), "PKCS#7", 2],
    ["PKCS#7 in PEM", () => pkcs7(ec, "PEM"), "PEM", 2],
    [
      "PKCS#7 in PEM labelled as a certificate",
      () => Buffer.from(pkcs7(ec, "PEM").toString().replaceAll("PKCS7", "CERTIFICATE")),
      "PEM",
      2,
    ],
  ])("is read from %s", (_, make, format, count) => {
    const reply = readReply(make());
    expect([reply.format, reply.certificates.length, reply.keys.length]).toEqual([format, count, 0]);
    expect(reply.certificates.map((one) => one.sha256)).toContain(readReply(ec.issued.der).certificates[0]?.sha256);
  });

  it.each<[string, () => Pair, readonly string[]]>([
    ["openssl's default, EC", () => ec, []],
    ["openssl's default, RSA", () => rsaPair, []],
    ["the encryption of old Windows, EC", () => ec, ["-legacy"]],
    ["the encryption of old Windows, RSA", () => rsaPair, ["-legacy"]],
    ["3DES throughout", () => rsaPair, ["-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]],
    ["certificates that are not encrypted", () => ec, ["-certpbe", "NONE"]],
    ["a key that is not encrypted", () => ec, ["-keypbe", "NONE"]],
  ])("is read from PKCS#12 with its key: %s", (_, pair, options) => {
    const { format, certificates, keys } = readReply(pkcs12(pair(), ...options), unlocked);
    expect([format, certificates.length]).toEqual(["PKCS#12", countOf(pair())]);
    expect(certificates.map((one) => one.der)).toEqual(
      expect.arrayContaining(certificatesOfPem(pair().certificatePem)),
    );
    expect(keys.map(spki)).toEqual([spkiOf(pair())]);
  });

  it.each<[string, (pair: Pair) => string | Buffer]>([
    ["PKCS#8", ({ keyPem }) => keyPem],
    [
      "the traditional form",
      ({ keyPem }) => openssl(["pkey", "-in", "k", "-traditional", "-out", "out"], { k: keyPem }),
    ],
    [
      "encrypted PKCS#8",
      ({ keyPem }) =>
        openssl(["pkey", "-in", "k", "-aes256", "-passout", "file:p", "-out", "out"], { k: keyPem, p: PASSWORD }),
    ],
    [
      "the traditional form, encrypted",
      ({ keyPem }) =>
        openssl(["pkey", "-in", "k", "-traditional", "-aes256", "-passout", "file:p", "-out", "out"], {
          k: keyPem,
          p: PASSWORD,
        }),
    ],
  ])("is read with a key in %s", (_, key) => {
    const file = Buffer.concat([Buffer.from(key(rsaPair)), Buffer.from(rsaPair.certificatePem)]);
    const reply = readReply(file, { key: PASSWORD });
    expect([reply.keys.map(spki), reply.certificates.length]).toEqual([[spkiOf(rsaPair)], 2]);
  });

  it.each<[string, () => Buffer, object, string]>([
    ["nothing", () => Buffer.alloc(0), {}, "unreadable"],
    ["text", () => Buffer.from("not found"), {}, "unreadable"],
    [
      "a request in PEM",
      () => Buffer.from(ec.issued.pem.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST")),
      {},
      "no-certificate",
    ],
    ["PEM that is cut off", () => Buffer.from(ec.issued.pem.slice(0, -10)), {}, "unreadable"],
    ["PEM that is no base64", () => Buffer.from(ec.issued.pem.replace(/MI/, "M!")), {}, "unreadable"],
    ["DER that is cut off", () => ec.issued.der.subarray(0, -1), {}, "unreadable"],
    ["a block within a block", () => Buffer.from(`-----BEGIN CERTIFICATE-----\n${ec.issued.pem}`), {}, "unreadable"],
    ["more blocks than anybody sends", () => Buffer.from(ec.issued.pem.concat("\n").repeat(129)), {}, "too-large"],
    ["a megabyte and more", () => Buffer.alloc(1024 * 1024 + 1, 0x30), {}, "too-large"],
    ["PKCS#12 without passphrase", () => pkcs12(ec), {}, "passphrase-needed"],
    ["PKCS#12 with another one", () => pkcs12(ec), { pkcs12: "other" }, "wrong-passphrase"],
    ["old PKCS#12 with another one", () => pkcs12(ec, "-legacy"), { pkcs12: "other" }, "wrong-passphrase"],
    ["PKCS#12 that is cut off", () => pkcs12(ec).subarray(0, -1), unlocked, "unreadable"],
    ["deeply nested BER", () => Buffer.from("3080".repeat(10_000), "hex"), {}, "unreadable"],
    [
      "a million empty values",
      () => Buffer.concat([Buffer.from("3083080000", "hex"), Buffer.from("0500".repeat(0x40000), "hex")]),
      {},
      "unreadable",
    ],
  ])("is refused: %s", (_, make, passphrases, code) => {
    expect(refusal(make(), passphrases)).toEqual({ code, remedy: expect.any(String) });
  });

  it.each([
    ["its integrity", []],
    ["its contents", ["-nomac"]],
  ])("is refused when PKCS#12 asks for minutes of key derivation for %s", (_, options) => {
    const file = pkcs12(ec, "-iter", "100000", ...options);
    file.write("02037fffff", file.lastIndexOf(Buffer.from("02030186a0", "hex")), "hex"); // 100,000 to 8,388,607
    expect(refusal(file, unlocked).code).toBe("too-large");
  });

  it("is read from BER whose lengths are found at the end only", () => {
    const { children } = readBer(pkcs7(ec, "DER"), "a file");
    const file = Buffer.concat([Buffer.from("3080", "hex"), ...children.map(({ raw }) => raw), Buffer.alloc(2)]);
    expect(readReply(file).certificates).toHaveLength(2);
    expect(refusal(file.subarray(0, -1), {}).code).toBe("unreadable");
  });
});

/** How reading ends: the error's code, or `read`. */
function refusal(bytes: Buffer, passphrases: Passphrases): { code: string; remedy?: string } {
  try {
    readReply(bytes, passphrases);
    return { code: "read" };
  } catch (error) {
    if (error instanceof ReplyError) return { code: error.code, remedy: error.remedy };
    throw error;
  }
}

describe("hostile bytes", () => {
  const seeds: { name: string; make: () => Buffer }[] = [
    { name: "PEM", make: () => Buffer.from(ec.certificatePem) },
    { name: "DER", make: () => ec.issued.der },
    { name: "PKCS#7", make: () => pkcs7(ec, "DER") },
    { name: "PKCS#12", make: () => pkcs12(ec, "-iter", "1") },
    { name: "old PKCS#12", make: () => pkcs12(ec, "-legacy", "-iter", "1") },
  ];
  /** Some octets of a good file replaced, and a part of it taken out. */
  const damage = fc.record({
    places: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    cut: fc.option(fc.tuple(fc.nat(), fc.nat(64)), { nil: undefined }),
  });

  it.each(seeds)("damaged $name is read or refused, never anything else", ({ make }) => {
    const good = make();
    fc.assert(
      fc.property(damage, ({ places, cut }) => {
        const bytes = Buffer.from(good);
        for (const [place, value] of places) bytes[place % bytes.length] = value;
        const [from, length] = cut ?? [0, 0];
        const at = from % bytes.length;
        const damaged = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        refusal(damaged, unlocked);
      }),
      { numRuns: runs(300) },
    );
  });

  it("are refused whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(Buffer.from(bytes), unlocked).code).not.toBe("read");
      }),
      { numRuns: runs(300) },
    );
  });
});
