import { describe, expect, test } from "@jest/globals";
import { documentDiff } from "../../../src/definition/diff/document-diff";
import { judgeOffer, type Offer } from "../../../src/gateway/live/judge-offer";
import { nextSnapshot, snapshotOf } from "../../../src/gateway/live/snapshot";
import { entitlementChange } from "../../../src/gateway/routing/entitlement-change";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

const offer = (more: Partial<Offer> = {}, document: Parameters<typeof documentOf>[1] = {}): Offer => ({
  document: documentOf([partner()], document),
  digest: "new",
  source: "s3://bucket/key",
  ...more,
});

describe("a document that is offered to a running gateway", () => {
  const running = offer({ digest: "old", at: 1_000 }, { revision: 5 });

  test.each<[string, Offer, object]>([
    ["a later one", offer({ at: 2_000 }, { revision: 6 }), { take: true }],
    ["one of the same revision and moment, with other content", offer({ at: 1_000 }, { revision: 5 }), { take: true }],
    ["one without revision", offer({ at: 2_000 }), { take: true }],
    ["one without a date", offer({}, { revision: 6 }), { take: true }],
    ["the same", offer({ digest: "old", at: 3_000 }, { revision: 5 }), { take: false, code: "same" }],
    ["a lower revision, however late", offer({ at: 9_000 }, { revision: 4 }), { code: "document-older" }],
    ["an older date, whatever its revision", offer({ at: 999 }, { revision: 9 }), { code: "document-older" }],
    ["the same content, dated back", offer({ digest: "old", at: 999 }, { revision: 5 }), { code: "document-older" }],
    ["another name", offer({}, { name: "fabrikam" }), { code: "document-foreign" }],
    [
      "another FQDN",
      offer({}, { accessEdge: { fqdn: "other.contoso.example", addresses: [], port: 5269 } }),
      { code: "document-foreign" },
    ],
    [
      "an inner side that is not built",
      offer({}, { internal: { kind: "sip", users: [] } }),
      { code: "document-not-built" },
    ],
  ])("%s", (_name, offered, verdict) => {
    expect(judgeOffer(running, offered)).toMatchObject(verdict);
  });

  test("what is refused says what to do", () => {
    expect(judgeOffer(running, offer({}, { revision: 4 }))).toMatchObject({
      reason: "its revision is 4, and what runs has 5",
      remedy: expect.stringMatching(/raise the revision/),
    });
  });
});

describe("the next snapshot", () => {
  test("keeps the rows that say the same, in whatever order their keys are", () => {
    const before = snapshotOf(documentOf([partner(), partner({ domain: "other.example" })]));
    const { domain, ...rest } = partner();
    const next = nextSnapshot(
      before,
      documentOf([{ ...rest, domain }, partner({ domain: "other.example", connectionLimit: 3 })]),
    );
    expect(next.policy.row(LOCAL, REMOTE)).toBe(before.policy.row(LOCAL, REMOTE));
    expect(next.policy.row(LOCAL, "other.example")?.connectionLimit).toBe(3);
    expect(before.policy.row(LOCAL, "other.example")?.connectionLimit).toBe(20);
  });

  test("of 10,000 partners the one that changed is found", () => {
    const partners = (limit: number) =>
      Array.from({ length: 10_000 }, (_, index) =>
        partner({ domain: `partner${index}.example`, ...(index === 5_000 ? { connectionLimit: limit } : {}) }),
      );
    const before = snapshotOf(documentOf(partners(20)));
    const document = documentOf(partners(3));
    const next = nextSnapshot(before, document);
    expect(documentDiff(before.document, next.document)).toHaveLength(1);
    expect(entitlementChange(before, next)).toMatchObject({
      domains: [],
      users: [],
      blind: { users: [], domains: new Set() },
    });
  });
});
