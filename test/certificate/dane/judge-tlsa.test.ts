import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../../src/certificate/chain";
import { judgeByTlsa, type TlsaRecord } from "../../../src/certificate/dane";
import type { TlsaEvidence } from "../../../src/certificate/peer-evidence";
import { PeerIdentity, publicKeyPin } from "../../../src/certificate/peer-identity";
import { partner } from "../../gateway/documents";
import { type Issued, inDays, issue, NOW, rsa } from "../authority";

const DOMAIN = "fabrikam.example";
const HOST = "xmpp.hoster.example";

let root: Issued;
let issuing: Issued;
let leaf: Issued;
let hosted: Issued;
let expired: Issued;
let selfSigned: Issued;
let stranger: Issued;

beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true });
  issuing = await issue({ subject: "CN=Issuing", issuer: root, ca: true });
  leaf = await issue({ subject: "CN=leaf", issuer: issuing, names: [DOMAIN] });
  hosted = await issue({ subject: "CN=hosted", issuer: issuing, names: [HOST] });
  expired = await issue({ subject: "CN=old", issuer: issuing, names: [DOMAIN], from: -30, to: -1 });
  selfSigned = await issue({ subject: "CN=anything", names: ["somebody.else"], from: -30, to: -1 });
  stranger = await issue({ subject: "CN=Stranger", ca: true });
});

function record(usage: number, of: Issued, selector = 1, matching = 1): TlsaRecord {
  const octets = selector === 0 ? of.der : Buffer.from(of.certificate.publicKey.rawData);
  const association = matching === 0 ? octets : createHash("sha256").update(octets).digest();
  return { usage, selector, matching, association };
}

const of = (...records: readonly TlsaRecord[]): TlsaEvidence => ({
  domain: DOMAIN,
  endpoints: [{ host: HOST, port: 5269, records }],
});

interface Judged {
  readonly evidence: TlsaEvidence | undefined;
  readonly chain: readonly Issued[];
  readonly trusted?: Issued;
  readonly now?: Date;
}

function judged({ evidence, chain, trusted, now = NOW }: Judged): string {
  const trust = trusted && TrustStore.fromPem(trusted.pem);
  const verdict = judgeByTlsa({ presented: chain.map(({ der }) => der), domain: DOMAIN, evidence, trust, now });
  return verdict.ok ? "accepted" : verdict.reason;
}

describe("a record of usage 3", () => {
  test("vouches for a certificate that nobody signed, of another name and past its time", () => {
    expect(judged({ evidence: of(record(3, selfSigned)), chain: [selfSigned] })).toBe("accepted");
    expect(judged({ evidence: of(record(3, selfSigned, 0, 0)), chain: [selfSigned] })).toBe("accepted");
  });

  test("vouches for no other, whoever trusts its CA", () => {
    const found = judged({ evidence: of(record(3, selfSigned)), chain: [leaf, issuing], trusted: root });
    expect(found).toMatch(/^dane: _5269\._tcp\.xmpp\.hoster\.example: the certificate agrees with none of 3 1 1 /);
    // What there would have to be.
    expect(found).toContain(`a record for it would be 3 1 1 ${publicKeyPin(leaf.der)}; the partner has to `);
  });

  test("is one of several, at one place or another", () => {
    const places = [
      { host: "a.example", port: 5269, records: [record(3, stranger)] },
      { host: "b.example", port: 5270, records: [record(3, stranger), record(3, leaf)] },
    ];
    expect(judged({ evidence: { domain: DOMAIN, endpoints: places }, chain: [leaf] })).toBe("accepted");
    const none = judged({ evidence: { domain: DOMAIN, endpoints: places.slice(0, 1) }, chain: [leaf] });
    expect(none).toMatch(/_5269\._tcp\.a\.example: the certificate agrees with none/);
  });

  test("vouches for no key that anybody can find", async () => {
    const weak = await issue({ subject: "CN=weak", names: [DOMAIN], keys: rsa(1024) });
    expect(judged({ evidence: of(record(3, weak)), chain: [weak] })).toMatch(
      /^dane: the peer's certificate: weak-key: /,
    );
  });
});

describe("a record of usage 2", () => {
  test.each([
    ["the CA that issued it", () => issuing],
    ["a CA above", () => root],
  ])("makes an anchor of %s", (_, ca) => {
    expect(judged({ evidence: of(record(2, ca())), chain: [leaf, issuing, root] })).toBe("accepted");
    expect(judged({ evidence: of(record(2, ca(), 0)), chain: [leaf, issuing, root] })).toBe("accepted");
  });

  test("may hold the anchor whole, which then need not be sent", () => {
    expect(judged({ evidence: of(record(2, root, 0, 0)), chain: [leaf, issuing] })).toBe("accepted");
    expect(judged({ evidence: of(record(2, root, 0, 1)), chain: [leaf, issuing] })).toMatch(/agrees with none/);
  });

  test("wants the domain among the names, or the name of the server that DNSSEC leads to", () => {
    expect(judged({ evidence: of(record(2, root)), chain: [hosted, issuing, root] })).toBe("accepted");
    const elsewhere: TlsaEvidence = {
      domain: DOMAIN,
      endpoints: [{ host: "other.example", port: 5269, records: [record(2, root)] }],
    };
    expect(judged({ evidence: elsewhere, chain: [hosted, issuing, root] })).toMatch(/: wrong-name: /);
  });

  test("wants dates and signatures", async () => {
    expect(judged({ evidence: of(record(2, root)), chain: [expired, issuing, root] })).toMatch(/: expired: /);
    expect(judged({ evidence: of(record(2, root)), chain: [leaf, issuing, root], now: inDays(60) })).toMatch(/expired/);
    const forged = await issue({ subject: "CN=leaf", issuer: issuing, names: [DOMAIN], signWith: stranger });
    expect(judged({ evidence: of(record(2, root)), chain: [forged, issuing, root] })).toMatch(/agrees with none/);
  });

  test("does not speak of the server's own certificate, nor of one that was only sent along", () => {
    expect(judged({ evidence: of(record(2, selfSigned)), chain: [selfSigned] })).toMatch(/agrees with none/);
    expect(judged({ evidence: of(record(2, stranger)), chain: [leaf, issuing, stranger] })).toMatch(/agrees with none/);
  });
});

describe("records of usages 1 and 0", () => {
  test("want a path to our anchors as well", () => {
    const chain = [leaf, issuing];
    for (const one of [record(1, leaf), record(0, issuing), record(0, root)]) {
      expect(judged({ evidence: of(one), chain, trusted: root })).toBe("accepted");
      expect(judged({ evidence: of(one), chain, trusted: stranger })).toMatch(/: untrusted: /);
      expect(judged({ evidence: of(one), chain })).toMatch(/agrees with none/);
    }
  });

  test("speak of that path alone", () => {
    const chain = [leaf, issuing, stranger];
    expect(judged({ evidence: of(record(0, stranger)), chain, trusted: root })).toMatch(/agrees with none/);
    expect(judged({ evidence: of(record(0, leaf)), chain, trusted: root })).toMatch(/agrees with none/);
    expect(judged({ evidence: of(record(1, issuing)), chain, trusted: root })).toMatch(/agrees with none/);
    expect(judged({ evidence: of(record(1, expired)), chain: [expired, issuing], trusted: root })).toMatch(/expired/);
  });
});

describe("nothing is proved", () => {
  test.each<[string, () => Judged, RegExp]>([
    [
      "where nothing was looked up",
      () => ({ evidence: undefined, chain: [leaf] }),
      /nothing was looked up for fabrikam/,
    ],
    [
      "by records of another domain",
      () => ({ evidence: { ...of(record(3, leaf)), domain: "other.example" }, chain: [leaf] }),
      /nothing was looked up for fabrikam/,
    ],
    [
      "where the look-up failed",
      () => ({ evidence: { domain: DOMAIN, failed: "the zone is not signed" }, chain: [leaf] }),
      /^dane: the zone is not signed; the partner has to sign/,
    ],
    ["without a certificate", () => ({ evidence: of(record(3, leaf)), chain: [] }), /presented none/],
    ["without records", () => ({ evidence: of(), chain: [leaf, issuing], trusted: root }), /agrees with none/],
    ["without places", () => ({ evidence: { domain: DOMAIN, endpoints: [] }, chain: [leaf] }), /^dane: no records/],
    [
      "by a record that nobody can use",
      () => ({ evidence: of({ ...record(3, leaf), usage: 4 }), chain: [leaf] }),
      /unusable: certificate usage 4/,
    ],
    [
      "by half a digest",
      () => ({
        evidence: of({ ...record(3, leaf), association: record(3, leaf).association.subarray(16) }),
        chain: [leaf],
      }),
      /16 octets of a digest that has 32/,
    ],
  ])("%s", (_, given, reason) => {
    expect(judged(given())).toMatch(reason);
  });
});

test("a row by DANE takes no anchor's word, and holds to its pins", () => {
  const identity = new PeerIdentity(TrustStore.fromPem(root.pem), () => NOW.getTime());
  const presented = [leaf.der, issuing.der];
  const row = partner({ proofType: "dane" });
  expect(identity.judge(partner(), DOMAIN, presented)).toEqual({ ok: true });
  expect(identity.judge(row, DOMAIN, presented)).toMatchObject({ ok: false, unknown: true });
  const tlsa = of(record(3, leaf));
  expect(identity.judge(row, DOMAIN, presented, { tlsa })).toEqual({ ok: true });
  const pinned = { ...row, pins: [publicKeyPin(stranger.der)] };
  expect(identity.judge(pinned, DOMAIN, presented, { tlsa })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^pin: /),
  });
  // Nor do its records prove anything to a row by anchors.
  expect(identity.judge(partner(), DOMAIN, [selfSigned.der], { tlsa: of(record(3, selfSigned)) })).toMatchObject({
    ok: false,
  });
});
