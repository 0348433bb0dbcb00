import { beforeAll, describe, expect, test } from "@jest/globals";
import { CHAIN_LIMITS, type ChainVerdict, TrustStore, validateChain } from "../../src/certificate/chain";
import {
  CLIENT_AUTH,
  EC,
  EMAIL_PROTECTION,
  type Issued,
  type IssueOptions,
  inDays,
  issue,
  KeyUsageFlags,
  NOW,
  rsa,
  SERVER_AUTH,
} from "./authority";
import { CHAINS, DOMAIN, Scenery } from "./chains";

const ANY_PURPOSE = "2.5.29.37.0";
const { keyCertSign, cRLSign, digitalSignature, keyEncipherment, keyAgreement } = KeyUsageFlags;

const storeOf = (...anchors: readonly Issued[]) => TrustStore.fromPem(anchors.map((one) => one.pem).join("\n"));
const codeOf = (verdict: ChainVerdict) => (verdict.ok ? "accept" : verdict.code);

interface Circumstances {
  readonly trust?: TrustStore;
  readonly domain?: string;
  readonly now?: Date;
}

let scenery: Scenery;
let trust: TrustStore;

beforeAll(async () => {
  scenery = await Scenery.build();
  trust = storeOf(...scenery.anchors);
});

const judge = (presented: readonly (Issued | Buffer)[], circumstances: Circumstances = {}): ChainVerdict =>
  validateChain({
    presented: presented.map((one) => (Buffer.isBuffer(one) ? one : one.der)),
    trust,
    domain: DOMAIN,
    now: NOW,
    ...circumstances,
  });

test("there are twenty-eight chains", () => {
  expect(new Set(CHAINS.map((one) => one.name)).size).toBe(28);
});

test.each(CHAINS)("$name: $expected", async ({ expected, build }) => {
  const presented = await build(scenery);
  expect(codeOf(judge(presented, { trust: storeOf(...scenery.anchors) }))).toBe(expected);
  expect(codeOf(judge(presented))).toBe(expected); // beside what all the other chains have left in the caches
  expect(codeOf(judge(presented))).toBe(expected);
});

describe("the verdict", () => {
  test("of acceptance holds the path, its first expiry and the leaf's fingerprint", async () => {
    const chain = await scenery.below({ to: 20 });
    const verdict = judge(chain);
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(verdict.path.map((one) => one.subject)).toEqual(["CN=partner.example", "CN=Issuing", "CN=Root"]);
    expect(verdict.notAfter).toEqual(inDays(20));
    const fingerprint = await chain[0]!.certificate.getThumbprint("SHA-256");
    expect(verdict.leafSha256).toBe(Buffer.from(fingerprint).toString("hex"));
  });

  test("of refusal names the anchors that were tried and what to do", async () => {
    const expired = judge(await scenery.withLeaf({ from: -20, to: -1 }));
    expect(expired).toEqual({
      ok: false,
      code: "expired",
      detail:
        "CN=partner.example is valid from 2030-05-26T12:00:00.000Z to 2030-06-14T12:00:00.000Z, and it is 2030-06-15T12:00:00.000Z",
      anchorsTried: ["CN=Root"],
      remedy: "renew the certificate, or set the clock of this machine",
    });
  });

  test("of an unknown root names the issuer that was looked for, and no anchor", async () => {
    const ca = await scenery.ca({ issuer: scenery.other });
    const verdict = judge([await scenery.leaf({ issuer: ca }), ca]);
    expect(verdict).toMatchObject({ code: "untrusted", anchorsTried: [] });
    expect(verdict).toHaveProperty("detail", "no path to a configured anchor; issued by CN=Other root");
  });

  test("shows names of a peer without what a terminal would obey", async () => {
    const subject = [{ CN: [`\u001b[31mred\u202e${"x".repeat(300)}`] }];
    const verdict = judge(await scenery.withLeaf({ subject, from: -20, to: -1 }));
    if (verdict.ok) throw new Error("accepted");
    expect(verdict.detail).toContain("CN=?[31mred?xxx");
    expect(verdict.detail.length).toBeLessThan(350);
  });
});

describe("what is remembered never accepts", () => {
  test("the same chain after it has expired, or before it is valid", async () => {
    const chain = await scenery.withLeaf({ from: -1, to: 1 });
    expect(codeOf(judge(chain))).toBe("accept");
    expect(codeOf(judge(chain, { now: inDays(1) }))).toBe("accept"); // the last second counts
    expect(codeOf(judge(chain, { now: inDays(1.001) }))).toBe("expired");
    expect(codeOf(judge(chain, { now: inDays(-1.001) }))).toBe("expired");
    expect(codeOf(judge(chain))).toBe("accept");
  });

  test("the same chain for another domain", async () => {
    const chain = await scenery.withLeaf();
    expect(codeOf(judge(chain))).toBe("accept");
    expect(codeOf(judge(chain, { domain: "elsewhere.example" }))).toBe("wrong-name");
  });

  test("the same leaf without its intermediate", async () => {
    const [leaf, ca] = (await scenery.withLeaf()) as [Issued, Issued];
    expect(codeOf(judge([leaf, ca]))).toBe("accept");
    expect(codeOf(judge([leaf]))).toBe("untrusted");
  });

  test("a leaf whose signature was changed by one bit", async () => {
    const [leaf, ca] = (await scenery.withLeaf()) as [Issued, Issued];
    expect(codeOf(judge([leaf, ca]))).toBe("accept");
    const changed = Buffer.from(leaf.der);
    changed[changed.length - 1]! ^= 1;
    expect(codeOf(judge([changed, ca]))).toBe("untrusted");
  });

  test("below an anchor of another store", async () => {
    const chain = await scenery.withLeaf();
    expect(codeOf(judge(chain))).toBe("accept");
    expect(codeOf(judge(chain, { trust: storeOf(scenery.other) }))).toBe("untrusted");
  });

  test("of chains that were refused", async () => {
    const chain = await scenery.below({ ca: false });
    const store = storeOf(scenery.root);
    for (let round = 0; round < 3; round++) expect(codeOf(judge(chain, { trust: store }))).toBe("not-a-ca");
  });
});

describe("bounds", () => {
  test("no certificate at all", () => {
    expect(judge([])).toMatchObject({ ok: false, code: "no-certificate", anchorsTried: [] });
  });

  test("sixteen presented certificates are looked at, seventeen are not", async () => {
    const leaf = await scenery.leaf();
    const filler = Array<Issued>(CHAIN_LIMITS.presented - 2).fill(scenery.other);
    expect(codeOf(judge([leaf, ...filler, scenery.issuing]))).toBe("accept");
    expect(codeOf(judge([leaf, ...filler, scenery.issuing, scenery.other]))).toBe("too-many-certificates");
  });

  test.each([
    [8, "accept"],
    [9, "untrusted"],
  ])("%i certificates below the anchor: %s", async (count, expected) => {
    const chain: Issued[] = [];
    let issuer = scenery.root;
    for (let index = 1; index < count; index++) {
      issuer = await issue({ subject: `CN=Level ${index}`, issuer, ca: true });
      chain.unshift(issuer);
    }
    expect(codeOf(judge([await scenery.leaf({ issuer }), ...chain]))).toBe(expected);
  });

  test("CAs that certify each other in a circle end without acceptance", async () => {
    const first = await issue({ subject: "CN=First", issuer: scenery.other, ca: true });
    const second = await issue({ subject: "CN=Second", issuer: first, ca: true });
    const again = await issue({ subject: "CN=First", issuer: second, ca: true, keyPair: first.keys });
    const leaf = await scenery.leaf({ issuer: again });
    expect(codeOf(judge([leaf, again, second, first]))).toBe("untrusted");
  });

  test("a maze of CAs with one name costs 32 signatures and no more", async () => {
    const maze = await Promise.all(Array.from({ length: 15 }, () => issue({ subject: "CN=Maze", ca: true, keys: EC })));
    const [first] = maze as [Issued];
    const twins = await Promise.all(
      maze.slice(1).map((issuer) => issue({ subject: "CN=Maze", issuer, ca: true, keyPair: first.keys })),
    );
    const leaf = await scenery.leaf({ issuer: first });
    expect(codeOf(judge([leaf, ...twins, first]))).toBe("too-many-paths");
  });

  test("500 names are read, 501 are not", async () => {
    const names = (count: number) => Array.from({ length: count - 1 }, (_, index) => `n${index}.partner.example`);
    expect(codeOf(judge(await scenery.withLeaf({ names: [...names(500), DOMAIN] })))).toBe("accept");
    expect(codeOf(judge(await scenery.withLeaf({ names: [DOMAIN, ...names(501)] })))).toBe("too-many-names");
  });
});

describe("names", () => {
  test.each([
    ["the name itself", ["partner.example"], "partner.example", "accept"],
    ["one name among others", ["a.example", "partner.example", "b.example"], "partner.example", "accept"],
    ["upper case in the certificate", ["PARTNER.Example"], "partner.example", "accept"],
    ["upper case in the claim", ["partner.example"], "Partner.EXAMPLE", "accept"],
    ["an A-label", ["xn--exmple-cua.example"], "xn--exmple-cua.example", "accept"],
    ["an A-label below a wildcard", ["*.partner.example"], "xn--exmple-cua.partner.example", "accept"],
    ["a wildcard of one label", ["*.partner.example"], "chat.partner.example", "accept"],
    ["a wildcard two labels up", ["*.partner.example"], "a.b.partner.example", "wrong-name"],
    ["a wildcard above one label", ["*.example"], "partner.example", "wrong-name"],
    ["a bare wildcard", ["*"], "example", "wrong-name"],
    ["part of a label", ["p*.partner.example"], "pa.partner.example", "wrong-name"],
    ["a wildcard in the second label", ["chat.*.example"], "chat.partner.example", "wrong-name"],
    ["two wildcards", ["*.*.example"], "chat.partner.example", "wrong-name"],
    ["a claim that is a wildcard", ["*.partner.example"], "*.partner.example", "wrong-name"],
    ["a sibling that ends alike", ["evilpartner.example"], "partner.example", "wrong-name"],
    ["a parent", ["example"], "partner.example", "wrong-name"],
    ["a child", ["chat.partner.example"], "partner.example", "wrong-name"],
    ["a final dot in the certificate", ["partner.example."], "partner.example", "wrong-name"],
    ["a final dot in the claim", ["partner.example"], "partner.example.", "wrong-name"],
    ["an address as a name", ["192.0.2.1"], "192.0.2.1", "wrong-name"],
    ["an empty claim", ["partner.example"], "", "wrong-name"],
    ["a claim in U-labels", ["partner.example"], "pärtner.example", "wrong-name"],
    ["a claim with NUL", ["partner.example"], "partner.example\u0000.evil.example", "wrong-name"],
  ])("%s", async (_title, names, domain, expected) => {
    expect(codeOf(judge(await scenery.withLeaf({ names }), { domain }))).toBe(expected);
  });

  test("says which names there are, and not all of five hundred", async () => {
    const names = Array.from({ length: 500 }, (_, index) => `n${index}.example`);
    const verdict = judge(await scenery.withLeaf({ names }));
    expect(verdict).toHaveProperty(
      "detail",
      "partner.example is not among n0.example, n1.example, n2.example, n3.example, n4.example and 495 more",
    );
  });
});

describe("usage", () => {
  test.each<[string, Partial<IssueOptions>, Partial<IssueOptions>, string]>([
    ["leaf for clients only", {}, { purposes: [CLIENT_AUTH] }, "accept"],
    ["leaf for any purpose", {}, { purposes: [ANY_PURPOSE] }, "accept"],
    ["leaf for e-mail", {}, { purposes: [EMAIL_PROTECTION] }, "usage"],
    ["leaf without keyUsage", {}, { usages: null }, "accept"],
    ["leaf for RSA key transport", {}, { usages: keyEncipherment }, "accept"],
    ["leaf for key agreement", {}, { usages: keyAgreement }, "accept"],
    ["leaf for signing certificates only", {}, { usages: keyCertSign }, "usage"],
    ["intermediate for TLS servers", { purposes: [SERVER_AUTH] }, {}, "accept"],
    ["intermediate for any purpose", { purposes: [ANY_PURPOSE] }, {}, "accept"],
    ["intermediate for e-mail", { purposes: [EMAIL_PROTECTION] }, {}, "usage"],
    ["intermediate for clients, leaf for servers", { purposes: [CLIENT_AUTH] }, { purposes: [SERVER_AUTH] }, "usage"],
    ["intermediate without keyUsage", { usages: null }, {}, "accept"],
    ["intermediate that signs handshakes too", { usages: keyCertSign | cRLSign | digitalSignature }, {}, "accept"],
  ])("%s", async (_title, intermediate, leaf, expected) => {
    expect(codeOf(judge(await scenery.below(intermediate, leaf)))).toBe(expected);
  });

  test("a leaf without extKeyUsage is accepted", async () => {
    const leaf = await issue({ subject: "CN=partner.example", issuer: scenery.issuing, names: [DOMAIN] });
    expect(codeOf(judge([leaf, scenery.issuing]))).toBe("accept");
  });
});

describe("keys and signatures", () => {
  test.each<[string, Partial<IssueOptions>, Partial<IssueOptions>, string]>([
    ["P-384 leaf", {}, { keys: { name: "ECDSA", namedCurve: "P-384" } }, "accept"],
    ["RSA-PSS intermediate with SHA-256", { keys: rsa(2048, "RSA-PSS") }, {}, "accept"],
    ["RSA-PSS signature with SHA-1", { keys: rsa(2048, "RSA-PSS", "SHA-1") }, { hash: "SHA-1" }, "weak-signature"],
    ["RSA 1024 intermediate", { keys: rsa(1024) }, {}, "weak-key"],
    ["SHA-1 on the intermediate", { hash: "SHA-1" }, {}, "weak-signature"],
    ["SHA-512", { hash: "SHA-512" }, { hash: "SHA-512" }, "accept"],
  ])("%s", async (_title, intermediate, leaf, expected) => {
    expect(codeOf(judge(await scenery.below(intermediate, leaf)))).toBe(expected);
  });

  test("an anchor's own signature proves nothing, so SHA-1 there does no harm", async () => {
    const root = await issue({ subject: "CN=Old root", ca: true, hash: "SHA-1" });
    expect(codeOf(judge([await scenery.leaf({ issuer: root })], { trust: storeOf(root) }))).toBe("accept");
  });

  test.each<[string, Partial<IssueOptions>, string]>([
    ["weak", { keys: rsa(1024) }, "weak-key"],
    ["expired", { from: -20, to: -1 }, "expired"],
    ["not a CA", { ca: false }, "not-a-ca"],
    ["constrained to another domain", { permitted: ["elsewhere.example"] }, "name-constraint"],
  ])("an anchor that is %s", async (_title, options, expected) => {
    const root = await issue({ subject: "CN=Odd root", ca: true, ...options });
    expect(codeOf(judge([await scenery.leaf({ issuer: root })], { trust: storeOf(root) }))).toBe(expected);
  });
});

describe("paths", () => {
  test("another path is found where the first one has expired", async () => {
    const old = await scenery.ca({ from: -20, to: -1 });
    const renewed = await scenery.ca({ keyPair: old.keys });
    const leaf = await scenery.leaf({ issuer: renewed });
    expect(codeOf(judge([leaf, old, renewed]))).toBe("accept");
    expect(codeOf(judge([leaf, old]))).toBe("expired");
  });

  test("a CA that changed its key does not count against the path length", async () => {
    const old = await issue({ subject: "CN=Rolling", issuer: scenery.root, ca: true, pathLength: 0 });
    const fresh = await issue({ subject: "CN=Rolling", issuer: old, ca: true });
    expect(codeOf(judge([await scenery.leaf({ issuer: fresh }), fresh, old]))).toBe("accept");
  });

  test("of two anchors with one name the one that signed is found", async () => {
    const store = storeOf(scenery.twin, scenery.root);
    expect(codeOf(judge(await scenery.withLeaf(), { trust: store }))).toBe("accept");
  });

  test("an unreadable certificate among the presented ones refuses the chain", async () => {
    const [leaf, ca] = (await scenery.withLeaf()) as [Issued, Issued];
    expect(codeOf(judge([leaf, ca, Buffer.from("not a certificate")]))).toBe("unreadable");
  });
});
