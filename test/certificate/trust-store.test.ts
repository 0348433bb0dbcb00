import { rootCertificates } from "node:tls";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { BoundedCache } from "../../src/certificate/bounded-cache";
import { Certificate } from "../../src/certificate/certificate";
import { TrustAnchorError, TrustStore } from "../../src/certificate/trust-store";
import type { Issued } from "./authority";
import { Scenery } from "./chains";

let scenery: Scenery;

beforeAll(async () => {
  scenery = await Scenery.build();
});

const refusal = (pem: string) => {
  try {
    return TrustStore.fromPem(pem);
  } catch (error) {
    if (error instanceof TrustAnchorError) return { code: error.code, found: error.found };
    throw error;
  }
};

describe("anchors", () => {
  test("are found by the issuer's name, namesakes all of them", async () => {
    const { root, twin, other } = scenery;
    const store = TrustStore.fromPem(`# our partners\n${root.pem}\n\n${twin.pem}\n${other.pem}\n`);
    expect(store.size).toBe(3);
    const issuers = store.anchorsFor(Certificate.read(scenery.issuing.der));
    expect(issuers.map((one) => one.der)).toEqual([root.der, twin.der]);
    expect(store.anchorsFor(Certificate.read(scenery.rsaRoot.der))).toEqual([]);
  });

  test("given twice count once", () => {
    expect(TrustStore.fromPem(scenery.root.pem + scenery.root.pem).size).toBe(1);
  });

  test("may come with line ends of either kind", () => {
    expect(TrustStore.fromPem(scenery.root.pem.replace(/\n/g, "\r\n")).size).toBe(1);
  });

  test("of the public web can all be read", () => {
    expect(TrustStore.fromPem(rootCertificates.join("\n")).size).toBe(new Set(rootCertificates).size);
  });

  test.each([
    ["nothing", ""],
    ["a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
    ["a block without an end", "-----BEGIN CERTIFICATE-----\nAAAA\n"],
  ])("in a file that holds %s: there is none", (_title, pem) => {
    expect(refusal(pem)).toEqual({ code: "no-anchors", found: "no CERTIFICATE block was found" });
  });

  test("that cannot be read are all named at once", () => {
    const block = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
    const found = refusal(`${block("MAA=")}${scenery.root.pem}\n${block("not base64!")}`);
    expect(found).toEqual({
      code: "unreadable-anchor",
      found:
        "certificate 1 of 3: tbsCertificate (tag 0x30) expected, nothing found; " +
        "certificate 3 of 3: the certificate (tag 0x30) expected, nothing found",
    });
  });

  test("of more than 4096 are refused", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".repeat(4097);
    expect(refusal(pem)).toMatchObject({ code: "too-many-anchors" });
  });
});

describe("memory", () => {
  const certificatesOf = (...issued: Issued[]) => issued.map((one) => Certificate.read(one.der));

  test("holds the links of a path and its intermediates, but not the leaf", async () => {
    const store = TrustStore.fromPem(scenery.root.pem);
    const [leaf, issuing, root] = certificatesOf(await scenery.leaf(), scenery.issuing, scenery.root) as [
      Certificate,
      Certificate,
      Certificate,
    ];
    store.remember([leaf, issuing, root]);
    expect(store.remembersLink(leaf, issuing)).toBe(true);
    expect(store.remembersLink(issuing, root)).toBe(true);
    expect(store.remembersLink(leaf, root)).toBe(false);
    expect(store.remembersLink(issuing, leaf)).toBe(false);
    expect(store.read(issuing.der)).toBe(issuing);
    expect(store.read(leaf.der)).not.toBe(leaf);
    expect(store.read(root.der)).toBe(store.anchorsFor(issuing)[0]);
  });

  test("is bounded, and loses first what was not asked for longest", () => {
    const cache = new BoundedCache<number>(3);
    for (const [index, key] of ["a", "b", "c"].entries()) cache.set(key, index);
    expect(cache.get("a")).toBe(0);
    cache.set("d", 3);
    cache.set("d", 4);
    expect(cache.size).toBe(3);
    expect(["a", "b", "c", "d"].map((key) => cache.get(key))).toEqual([0, undefined, 2, 4]);
  });
});
