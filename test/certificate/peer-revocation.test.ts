/** A partner's row says what revocation means for its certificate; lists and responses are openssl's. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../src/certificate/chain";
import type { PeerEvidence } from "../../src/certificate/peer-evidence";
import { PeerIdentity } from "../../src/certificate/peer-identity";
import { IndexedList } from "../../src/certificate/revocation/indexed-list";
import { partnerOfRow, REMOTE } from "../gateway/documents";
import { type IssuedByOpenssl, OpensslCa } from "./revocation/openssl-ca";

const DAY = 86_400_000;
/** A minute on: openssl dates what it makes during the tests by the clock. */
const now = Date.now() + 60_000;
const NAME = `subjectAltName=DNS:${REMOTE}`;

let ca: OpensslCa;
let good: IssuedByOpenssl;
let revoked: IssuedByOpenssl;
let demanding: IssuedByOpenssl;
let list: IndexedList;
const staples: Record<string, Buffer> = {};

beforeAll(async () => {
  ca = new OpensslCa();
  good = ca.issue("good", NAME);
  revoked = ca.issue("revoked", NAME);
  demanding = ca.issue("demanding", NAME, "tlsfeature=status_request");
  staples.beforehand = ca.ocsp("revoked");
  ca.revoke("revoked");
  list = await IndexedList.read(ca.list());
  for (const name of ["good", "revoked", "demanding"]) staples[name] = ca.ocsp(name);
});
afterAll(() => ca.remove());

interface Judged {
  readonly leaf: IssuedByOpenssl;
  readonly revocation?: "soft" | "hard";
  readonly lists?: readonly IndexedList[];
  readonly evidence?: PeerEvidence;
  readonly at?: number;
}

function judge({ leaf, revocation, lists = [], evidence = {}, at = now }: Judged) {
  const warnings: string[] = [];
  const identity = new PeerIdentity(TrustStore.fromPem(ca.ca.pem), () => at, {
    lists: { of: (issuerKey) => lists.filter((one) => one.issuerKey === issuerKey) },
    warn: (domain, text) => void warnings.push(`${domain} ${text}`),
  });
  const row = partnerOfRow(1, revocation === undefined ? {} : { revocation });
  const verdict = identity.judge(row, REMOTE, [leaf.certificate.der], evidence);
  return { said: verdict.ok ? "accepted" : verdict.reason, warnings };
}
const stapled = (name: string): PeerEvidence => ({ askedToStaple: true, stapled: staples[name]! });

describe("a certificate that its CA has revoked", () => {
  test("passes where the row does not look for revocation", () => {
    const { said } = judge({ leaf: revoked, lists: [list], evidence: stapled("revoked") });
    expect(said).toBe("accepted");
  });

  test.each(["soft", "hard"] as const)(
    "is refused by a list, by a row with %s, and the refusal says why",
    (revocation) => {
      const { said } = judge({ leaf: revoked, revocation, lists: [list] });
      expect(said).toMatch(
        /^revoked: CN=revoked is revoked since .*: key compromise, by a list of CN=Revoking CA; let the partner have a new/,
      );
    },
  );

  test("is refused by a stapled response, without any list", () => {
    const { said } = judge({ leaf: revoked, revocation: "soft", evidence: stapled("revoked") });
    expect(said).toMatch(/^revoked: .*key compromise, by the stapled OCSP response/);
  });

  test("is refused by a list although the server staples the response of before", () => {
    expect(judge({ leaf: revoked, revocation: "soft", evidence: stapled("beforehand") }).said).toBe("accepted");
    expect(judge({ leaf: revoked, revocation: "soft", lists: [list], evidence: stapled("beforehand") }).said).toMatch(
      /^revoked/,
    );
  });
});

describe("a certificate that is not revoked", () => {
  test.each<[string, Pick<Judged, "lists" | "evidence">]>([
    ["by a list", { lists: [] }],
    ["by a stapled response", { evidence: { askedToStaple: true } }],
  ])("passes without a warning where that is known %s", (by) => {
    const known = by === "by a list" ? { lists: [list] } : { evidence: stapled("good") };
    expect(judge({ leaf: good, revocation: "hard", ...known })).toEqual({ said: "accepted", warnings: [] });
  });

  test.each<[string, () => Partial<Judged>, RegExp]>([
    ["nothing is at hand", () => ({}), /no list of CN=Revoking CA is at hand, no response stapled/],
    ["the list is out of date", () => ({ lists: [list], at: now + 8 * DAY }), /a newer one was due on/],
    [
      "the response is of another certificate",
      () => ({ evidence: stapled("demanding") }),
      /speaks of another certificate/,
    ],
    [
      "the response is no response",
      () => ({ evidence: { askedToStaple: true, stapled: Buffer.from("x") } }),
      /cannot be read/,
    ],
  ])("is not known to be good where %s: soft warns, hard refuses", (_, more, because) => {
    const soft = judge({ leaf: good, revocation: "soft", ...more() });
    expect(soft.said).toBe("accepted");
    expect(soft.warnings).toEqual([expect.stringMatching(because)]);
    const hard = judge({ leaf: good, revocation: "hard", ...more() });
    expect(hard.said).toMatch(/^revocation-unknown: /);
    expect(hard.said).toMatch(because);
    expect(hard.said).toContain("--revocation-lists");
  });
});

describe("a certificate that demands a stapled response (RFC 7633)", () => {
  test("is refused without one, also by a row with soft and although a list calls it good", () => {
    const { said } = judge({ leaf: demanding, revocation: "soft", lists: [list], evidence: { askedToStaple: true } });
    expect(said).toMatch(/^staple-missing: .*there is no response; let the partner's server staple/);
  });

  test("is refused with one that does not hold", () => {
    const { said } = judge({ leaf: demanding, revocation: "soft", lists: [list], evidence: stapled("good") });
    expect(said).toMatch(/^staple-missing: .*a response that does not hold: it speaks of another certificate/);
  });

  test("passes with one", () => {
    expect(judge({ leaf: demanding, revocation: "hard", evidence: stapled("demanding") }).said).toBe("accepted");
  });

  test("passes by a list where nobody could staple: the peer is the TLS client", () => {
    expect(judge({ leaf: demanding, revocation: "hard", lists: [list] }).said).toBe("accepted");
  });
});

test("a forged list neither revokes nor vouches", async () => {
  const other = new OpensslCa();
  try {
    other.issue("other", NAME); // of the serial number that `good` has
    other.revoke("other");
    const forged = await IndexedList.read(other.list());
    expect(forged.size).toBe(1);
    const { said, warnings } = judge({ leaf: good, revocation: "soft", lists: [forged] });
    expect(said).toBe("accepted");
    expect(warnings).toEqual([expect.stringMatching(/its signature is not the issuer's/)]);
    expect(judge({ leaf: good, revocation: "hard", lists: [forged, list] }).said).toBe("accepted");
  } finally {
    other.remove();
  }
});
