import { expect, test } from "@jest/globals";
import { type ReadinessFacts, readiness } from "../../../src/gateway/operation/readiness";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const certificate = (domain: string, notBefore = "2026-01-01T00:00:00Z", notAfter = "2026-12-31T00:00:00Z") => ({
  domain,
  notBefore,
  notAfter,
});
const facts = (change: Partial<ReadinessFacts> = {}): ReadinessFacts => ({
  serving: true,
  listening: 1,
  localDomains: ["a.example", "b.example"],
  certificates: [certificate("a.example"), certificate("b.example")],
  faults: [],
  now: NOW,
  ...change,
});

test("a gateway that listens, can write and has valid certificates is ready", () => {
  expect(readiness(facts())).toEqual({ ready: true });
});

test.each<[string, Partial<ReadinessFacts>, string]>([
  ["that is starting or stopping", { serving: false }, "starting or stopping"],
  ["without a listener", { listening: 0 }, "nothing listens"],
  ["whose state is stuck", { faults: ["the state did not commit within 5 s"] }, "the state did not commit within 5 s"],
  ["that no certificate names", { certificates: [] }, "no certificate names a.example; no certificate names b.example"],
  [
    "whose certificates are all out of date",
    {
      certificates: [
        certificate("a.example", "2026-01-01T00:00:00Z", "2026-05-31T00:00:00Z"),
        certificate("b.example", "2026-06-02T00:00:00Z"),
      ],
    },
    "the certificate of a.example expired at 2026-05-31T00:00:00Z; the certificate of b.example is valid from 2026-06-02T00:00:00Z only",
  ],
])("a gateway %s is not ready and says why", (_name, change, reason) => {
  expect(readiness(facts(change))).toEqual({ ready: false, reason });
});

test("one domain without a valid certificate is named, and the others are served", () => {
  expect(readiness(facts({ certificates: [certificate("b.example")] }))).toEqual({
    ready: true,
    degraded: ["no certificate names a.example"],
  });
});
