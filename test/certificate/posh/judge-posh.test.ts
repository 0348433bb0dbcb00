import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../../src/certificate/chain";
import type { PoshEvidence } from "../../../src/certificate/peer-evidence";
import { PeerIdentity, publicKeyPin } from "../../../src/certificate/peer-identity";
import { judgeByPosh, type PoshFingerprint } from "../../../src/certificate/posh";
import { partner } from "../../gateway/documents";
import { type Issued, issue, NOW, rsa } from "../authority";

const DOMAIN = "fabrikam.example";
const URL = `https://${DOMAIN}/.well-known/posh/xmpp-server.json`;
let leaf: Issued;
let other: Issued;
let weak: Issued;

beforeAll(async () => {
  leaf = await issue({ subject: "CN=anything", names: ["somebody.else"], from: -30, to: -1 });
  other = await issue({ subject: "CN=other", names: [DOMAIN] });
  weak = await issue({ subject: "CN=weak", names: [DOMAIN], keys: await rsa(1024) });
});

const hash = (of: Issued, name: "sha-256" | "sha-512"): PoshFingerprint => ({
  [name]: createHash(name.replace("-", "")).update(of.der).digest(),
});
const of = (...fingerprints: readonly PoshFingerprint[]): PoshEvidence => ({ domain: DOMAIN, url: URL, fingerprints });
const judge = (presented: readonly Issued[], evidence: PoshEvidence | undefined) =>
  judgeByPosh({ presented: presented.map(({ der }) => der), domain: DOMAIN, evidence });

describe("a certificate by its POSH document", () => {
  test("is proved by one fingerprint of it, whatever its names, dates and issuer", () => {
    expect(judge([leaf], of(hash(other, "sha-256"), hash(leaf, "sha-256")))).toEqual({ ok: true });
    expect(judge([leaf], of(hash(leaf, "sha-512")))).toEqual({ ok: true });
    expect(judge([leaf], of({ ...hash(leaf, "sha-256"), ...hash(leaf, "sha-512") }))).toEqual({ ok: true });
  });

  test("is not by one whose other hash is of another certificate, nor by none at all", () => {
    for (const fingerprint of [{ ...hash(leaf, "sha-256"), ...hash(other, "sha-512") }, {}])
      expect(judge([leaf], of(fingerprint))).toMatchObject({ ok: false });
  });

  test("is not by a fingerprint of what was sent behind it", () => {
    expect(judge([leaf, other], of(hash(other, "sha-256")))).toMatchObject({ ok: false });
  });

  test("is refused with what would have to be listed, and where", () => {
    const wanted = createHash("sha256").update(leaf.der).digest("base64");
    expect(judge([leaf], of(hash(other, "sha-256")))).toEqual({
      ok: false,
      reason: `posh: none of the 1 fingerprints at ${URL} is the certificate's, sha-256 ${wanted}; the partner has to list the certificates that its servers present in its POSH document`,
    });
  });

  test("is refused where nothing could be fetched, and told apart where nothing was", () => {
    expect(judge([leaf], { domain: DOMAIN, failed: "HTTP status 404" })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^posh: HTTP status 404; the partner has to/),
    });
    for (const evidence of [undefined, { ...of(hash(leaf, "sha-256")), domain: "other.example" }])
      expect(judge([leaf], evidence)).toMatchObject({ ok: false, unknown: true });
  });

  test("is refused where it is none, or weak, listed or not", () => {
    expect(judge([], of(hash(leaf, "sha-256")))).toMatchObject({ reason: "posh: the peer presented no certificate" });
    expect(judge([weak], of(hash(weak, "sha-256")))).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/weak/),
    });
    const junk = Buffer.from("junk");
    const listed = of({ "sha-256": createHash("sha256").update(junk).digest() });
    expect(judgeByPosh({ presented: [junk], domain: DOMAIN, evidence: listed })).toMatchObject({ ok: false });
  });

  test("has one of the row's pins as well", () => {
    const identity = new PeerIdentity(TrustStore.of([]), () => NOW.getTime());
    const verdict = (pins: readonly string[]) =>
      identity.judge(partner({ proofType: "posh", pins }), DOMAIN, [leaf.der], { posh: of(hash(leaf, "sha-256")) });
    expect(verdict([publicKeyPin(leaf.der)])).toEqual({ ok: true });
    expect(verdict(["0".repeat(64)])).toMatchObject({ ok: false, reason: expect.stringMatching(/^pin: /) });
  });
});
