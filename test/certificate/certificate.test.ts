import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Certificate, CertificateError } from "../../src/certificate/certificate";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import { contextConstructed, contextPrimitive, TAG } from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";
import { runs } from "../fuzz-runs";
import {
  CLIENT_AUTH,
  EC,
  Extension,
  type Issued,
  issue,
  KeyUsageFlags,
  NOW,
  SERVER_AUTH,
  SUBJECT_ALT_NAME,
} from "./authority";
import { DOMAIN, Scenery } from "./chains";

const XMPP_ADDR = "1.3.6.1.5.5.7.8.5";
const text = (tag: number, value: string, encoding: BufferEncoding = "utf8") =>
  encodeDer(tag, Buffer.from(value, encoding));
const san = (...names: Buffer[]) => new Extension(SUBJECT_ALT_NAME, false, encodeDer(TAG.sequence, ...names));
const oid = (hex: string) => encodeDer(TAG.oid, Buffer.from(hex, "hex"));

let scenery: Scenery;
let trust: TrustStore;
let leaf: Issued;

beforeAll(async () => {
  scenery = await Scenery.build();
  trust = TrustStore.fromPem(scenery.root.pem);
  leaf = await scenery.leaf();
});

const verdictOn = (...presented: Buffer[]) => {
  const verdict = validateChain({ presented, trust, domain: DOMAIN, now: NOW });
  return verdict.ok ? "accept" : verdict.code;
};

/** The certificate's code of refusal, or what was read. Anything but our own error fails the test. */
const read = (der: Buffer) => {
  try {
    return Certificate.read(der);
  } catch (error) {
    if (error instanceof CertificateError) return error.code;
    throw error;
  }
};

describe("what is read", () => {
  test("of a CA", async () => {
    const ca = Certificate.read(
      (await scenery.ca({ pathLength: 2, permitted: ["A.example"], purposes: [SERVER_AUTH] })).der,
    );
    expect(ca).toMatchObject({ subject: "CN=Issuing", issuer: "CN=Root", selfIssued: false });
    expect(ca.extensions).toEqual({
      basicConstraints: { ca: true, pathLength: 2 },
      keyUsage: 32 | 64,
      extendedKeyUsage: [SERVER_AUTH],
      subjectAltName: [],
      nameConstraints: { permitted: [{ form: "dns", name: "a.example" }], excluded: [] },
      unknownCritical: [],
    });
  });

  test("of a leaf", async () => {
    const options = { names: ["Partner.example", "b.example"], purposes: [SERVER_AUTH, CLIENT_AUTH] };
    const certificate = Certificate.read((await scenery.leaf(options)).der);
    expect(certificate.notBefore.toISOString()).toBe("2030-06-05T12:00:00.000Z");
    expect(certificate.notAfter.toISOString()).toBe("2030-08-04T12:00:00.000Z");
    expect(certificate.extensions).toEqual({
      basicConstraints: { ca: false },
      keyUsage: KeyUsageFlags.digitalSignature,
      extendedKeyUsage: [SERVER_AUTH, CLIENT_AUTH],
      subjectAltName: [
        { form: "dns", name: "partner.example" },
        { form: "dns", name: "b.example" },
      ],
      unknownCritical: [],
    });
    expect([certificate.keyWeakness, certificate.signatureWeakness]).toEqual([undefined, undefined]);
  });

  test("of names that give no identity", async () => {
    const address = encodeDer(
      contextConstructed(0),
      oid("2b06010505070805"),
      encodeDer(contextConstructed(0), text(TAG.utf8String, DOMAIN)),
    );
    const directory = encodeDer(contextConstructed(4), encodeDer(TAG.sequence));
    const names = san(
      address,
      text(contextPrimitive(1), "a@b.example"),
      encodeDer(contextConstructed(3)),
      directory,
      encodeDer(contextConstructed(5)),
      text(contextPrimitive(6), "xmpp:b.example"),
      encodeDer(contextPrimitive(7), Buffer.from([192, 0, 2, 1])),
      encodeDer(contextPrimitive(8), Buffer.from([42])),
    );
    const issued = await scenery.leaf({ names: [], extensions: [names] });
    const found = Certificate.read(issued.der).extensions.subjectAltName;
    expect(found.map((name) => name.form)).toEqual([
      "other",
      "email",
      "x400",
      "directory",
      "edi",
      "uri",
      "address",
      "registered",
    ]);
    expect(found[0]).toEqual({ form: "other", type: XMPP_ADDR, value: text(TAG.utf8String, DOMAIN) });
    expect(verdictOn(issued.der, scenery.issuing.der)).toBe("accept"); // by its XMPP address
  });

  test("agrees with node:crypto on who signed", () => {
    const child = Certificate.read(leaf.der);
    expect(child.isSignedBy(Certificate.read(scenery.issuing.der))).toBe(true);
    expect(child.isSignedBy(Certificate.read(scenery.twin.der))).toBe(false);
    expect(child.isSignedBy(Certificate.read(scenery.rsaRoot.der))).toBe(false); // a key of another type
  });
});

describe("names made to be misread", () => {
  const dns = contextPrimitive(2);
  test.each<[string, Buffer, string]>([
    ["NUL inside a dNSName", text(dns, "partner.example\u0000.evil.example"), "unreadable"],
    ["NUL behind a dNSName", text(dns, "partner.example\u0000"), "unreadable"],
    ["a line feed in a dNSName", text(dns, "partner.example\n"), "unreadable"],
    ["a space in a dNSName", text(dns, " partner.example"), "unreadable"],
    ["UTF-8 in a dNSName", text(dns, "pärtner.example"), "unreadable"],
    ["full-width letters in a dNSName", text(dns, "ｐartner.example"), "unreadable"],
    ["UTF-16 in a dNSName", text(dns, DOMAIN, "utf16le"), "unreadable"],
    ["a UTF8String in place of a name", text(TAG.utf8String, DOMAIN), "unreadable"],
    ["a BMPString in place of a name", text(TAG.bmpString, DOMAIN, "utf16le"), "unreadable"],
    ["an IA5String in place of a name", text(TAG.ia5String, DOMAIN), "unreadable"],
    ["a UTF8String inside a dNSName", encodeDer(contextConstructed(2), text(TAG.utf8String, DOMAIN)), "unreadable"],
    ["a BMPString inside a dNSName", encodeDer(contextConstructed(2), text(TAG.bmpString, DOMAIN)), "unreadable"],
    ["an IA5String inside a dNSName", encodeDer(contextConstructed(2), text(TAG.ia5String, DOMAIN)), "unreadable"],
    ["the domain as a URI", text(contextPrimitive(6), DOMAIN), "wrong-name"],
    ["the domain as an e-mail address", text(contextPrimitive(1), DOMAIN), "wrong-name"],
    ["an empty dNSName", text(dns, ""), "wrong-name"],
    ["a name of an unknown kind", text(contextPrimitive(9), DOMAIN), "unreadable"],
    ["an otherName without a type", encodeDer(contextConstructed(0), text(TAG.utf8String, DOMAIN)), "unreadable"],
  ])("%s", async (_title, name, expected) => {
    const issued = await scenery.leaf({ names: [], extensions: [san(name)] });
    expect(verdictOn(issued.der, scenery.issuing.der)).toBe(expected);
    // and neither does it pass beside a sound one, unless it is only another form of name
    const beside = await scenery.leaf({ names: [], extensions: [san(text(dns, DOMAIN), name)] });
    expect(verdictOn(beside.der, scenery.issuing.der)).toBe(expected === "unreadable" ? "unreadable" : "accept");
  });
});

describe("extensions made to be misread", () => {
  const empty = encodeDer(TAG.sequence);
  test.each<[string, string, Buffer]>([
    ["basicConstraints with a negative path length", "2.5.29.19", Buffer.from("30060101ff0201ff", "hex")],
    ["basicConstraints with a field too many", "2.5.29.19", Buffer.from("30080101ff0201000500", "hex")],
    ["basicConstraints with a truth of 01", "2.5.29.19", Buffer.from("3003010101", "hex")],
    ["basicConstraints and something behind", "2.5.29.19", Buffer.concat([empty, Buffer.from("0500", "hex")])],
    ["keyUsage that is no bit string", "2.5.29.15", Buffer.from("0500", "hex")],
    ["extKeyUsage of 65 purposes", "2.5.29.37", encodeDer(TAG.sequence, ...Array<Buffer>(65).fill(oid("2b0601")))],
    ["nameConstraints with a minimum", "2.5.29.30", Buffer.from("300aa0083006820161800101", "hex")],
    ["nameConstraints with a maximum", "2.5.29.30", Buffer.from("300aa0083006820161810101", "hex")],
    ["nameConstraints with a third field", "2.5.29.30", Buffer.from("3002a200", "hex")],
    ["an empty value", "2.5.29.17", Buffer.alloc(0)],
  ])("%s", async (_title, type, value) => {
    const options = { subject: "CN=a", ca: null, usages: null, extensions: [new Extension(type, true, value)] };
    expect(read((await issue(options)).der)).toBe("unreadable");
  });

  test("one extension twice", async () => {
    const twice = await scenery.leaf({ extensions: [san(text(contextPrimitive(2), "evil.example"))] });
    expect(read(twice.der)).toBe("unreadable");
  });

  test("extensions in a certificate of version 2, or a version 4", () => {
    const version = leaf.der.indexOf(Buffer.from("a003020102", "hex"));
    const of = (value: number) => {
      const changed = Buffer.from(leaf.der);
      changed[version + 4] = value - 1;
      return read(changed);
    };
    expect([of(1), of(2), of(4)]).toEqual(["unreadable", "unreadable", "unreadable"]);
    expect(of(3)).toBeInstanceOf(Certificate);
  });

  test("65 extensions", async () => {
    const extensions = Array.from(
      { length: 65 },
      (_, index) => new Extension(`1.3.6.1.4.1.55555.${index}`, false, empty),
    );
    expect(read((await scenery.leaf({ extensions })).der)).toBe("unreadable");
  });

  test("a name constraint of 501 subtrees", async () => {
    const permitted = Array.from({ length: 501 }, (_, index) => `d${index}.example`);
    expect(read((await scenery.ca({ permitted })).der)).toBe("too-many-names");
  });

  test("flags of FALSE, which DER leaves out and CAs write", async () => {
    const value = Buffer.from("3003010100", "hex");
    const certificate = Certificate.read(
      (await scenery.leaf({ ca: null, extensions: [new Extension("2.5.29.19", true, value)] })).der,
    );
    expect(certificate.extensions.basicConstraints).toEqual({ ca: false });
  });
});

describe("hostile bytes", () => {
  test("a certificate cut at any byte is unreadable", () => {
    for (let length = 0; length < leaf.der.length; length++) {
      const cut = leaf.der.subarray(0, length);
      expect([length, read(cut)]).toEqual([length, "unreadable"]);
      expect(verdictOn(cut, scenery.issuing.der)).toBe("unreadable");
    }
  });

  test("an intermediate cut at any byte is unreadable", () => {
    for (let length = 0; length < scenery.issuing.der.length; length++)
      expect(verdictOn(leaf.der, scenery.issuing.der.subarray(0, length))).toBe("unreadable");
  });

  test("anything behind the certificate is refused", () => {
    expect(read(Buffer.concat([leaf.der, Buffer.from([0])]))).toBe("unreadable");
    expect(read(Buffer.concat([leaf.der, leaf.der]))).toBe("unreadable");
  });

  test("PEM is not DER", () => {
    expect(read(Buffer.from(leaf.pem))).toBe("unreadable");
  });

  test("70 kB are not read", () => {
    expect(read(encodeDer(TAG.sequence, Buffer.alloc(70_000)))).toBe("unreadable");
  });

  test("no single changed bit of leaf or intermediate is accepted", () => {
    expect(verdictOn(leaf.der, scenery.issuing.der)).toBe("accept");
    const flips = (der: Buffer) =>
      Array.from({ length: der.length * 8 }, (_, bit) => {
        const changed = Buffer.from(der);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        return changed;
      });
    const accepted = [
      ...flips(leaf.der).filter((changed) => verdictOn(changed, scenery.issuing.der) === "accept"),
      ...flips(scenery.issuing.der).filter((changed) => verdictOn(leaf.der, changed) === "accept"),
    ];
    expect(accepted).toEqual([]);
  });

  test("garbage is unreadable", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(verdictOn(Buffer.from(bytes), scenery.issuing.der)).toBe("unreadable");
      }),
    );
  });

  test("garbage in the shape of DER never gets past our own errors, and never in", () => {
    const { value } = fc.letrec<{ value: Buffer }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        fc
          .tuple(fc.constantFrom(...Object.values(TAG), 0x82, 0x86), fc.uint8Array({ maxLength: 20 }))
          .map(([tag, bytes]) => encodeDer(tag, Buffer.from(bytes))),
        fc
          .tuple(fc.constantFrom(0x30, 0x30, 0x31, 0xa0, 0xa3), fc.array(tie("value"), { maxLength: 6 }))
          .map(([tag, parts]) => encodeDer(tag, ...parts)),
      ),
    }));
    fc.assert(
      fc.property(value, (bytes) => {
        expect(verdictOn(bytes, scenery.issuing.der)).not.toBe("accept");
      }),
      { numRuns: runs(500) },
    );
  });

  test("a certificate with a part replaced never gets past our own errors, and never in", () => {
    const at = fc.nat(leaf.der.length - 1);
    fc.assert(
      fc.property(at, fc.nat(12), fc.uint8Array({ maxLength: 12 }), (start, length, bytes) => {
        const changed = Buffer.concat([leaf.der.subarray(0, start), bytes, leaf.der.subarray(start + length)]);
        fc.pre(!changed.equals(leaf.der));
        expect(verdictOn(changed, scenery.issuing.der)).not.toBe("accept");
      }),
      { numRuns: runs(1000) },
    );
  });
});

test("a key that node:crypto cannot use is our own error", async () => {
  const ca = await issue({ subject: "CN=Issuing", issuer: scenery.root, ca: true, keys: EC });
  const point = ca.der.indexOf(Buffer.from([0x03, 0x42, 0x00, 0x04])); // the key: an uncompressed point of P-256
  const broken = Buffer.from(ca.der);
  broken.fill(0xff, point + 4, point + 68);
  expect(() => Certificate.read(broken).publicKey).toThrow(CertificateError);
  const child = await scenery.leaf({ issuer: ca });
  expect(verdictOn(child.der, broken)).toBe("unreadable");
});
