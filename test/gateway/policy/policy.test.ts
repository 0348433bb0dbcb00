import { describe, expect, test } from "@jest/globals";
import { localAccess } from "../../../src/gateway/policy/access";
import { mayReach, seesNotes } from "../../../src/gateway/policy/trust";

describe("trust", () => {
  test.each([
    ["Federated", false, true, true],
    ["Federated", true, true, true],
    ["PublicVerified", false, true, false],
    ["PublicVerified", true, true, false],
    ["PublicUnverified", false, false, false],
    ["PublicUnverified", true, true, false],
  ] as const)("%s, a contact: %s → reaches our users: %s, sees notes: %s", (type, contact, reaches, notes) => {
    expect(mayReach(type, contact)).toBe(reaches);
    expect(seesNotes(type)).toBe(notes);
  });
});

describe("the access policy", () => {
  test.each([true, false])("applies to everyone (%s) but those who are named", (allowed) => {
    const access = localAccess({
      access: {
        everyone: { allowed, because: "rule" },
        users: [{ address: "bob@contoso.example", allowed: !allowed, because: "his own" }],
      },
    });
    expect(access.allowed("alice@contoso.example")).toBe(allowed);
    expect(access.allowed("bob@contoso.example")).toBe(!allowed);
    expect(access.allowed("constructor")).toBe(allowed);
  });
});
