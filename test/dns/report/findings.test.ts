import { describe, expect, test } from "@jest/globals";
import { catalogueEntry, gated, gateExitCode, selected, underWaivers, withFindings } from "../../../src/dns";
import { finding, report } from "./reports";

const NOW = Date.UTC(2026, 5, 15, 23, 59);
const placeOf = () => null;
const waiver = { check: "srv-port", reason: "moving", until: "2026-06-15" };

describe("waivers", () => {
  test("make information of what they cover, until the end of their last day", () => {
    const [one] = underWaivers([finding()], [waiver], { now: NOW, placeOf });
    expect(one).toMatchObject({
      verdict: "info",
      severity: "fail",
      waived: { reason: "moving", until: "2026-06-15", verdict: "fail" },
    });
  });

  test("that have ended are a warning, and what they covered counts", () => {
    const all = underWaivers([finding()], [waiver], { now: NOW + 60_000, placeOf });
    expect(all.map(({ id, verdict }) => [id, verdict])).toEqual([
      ["srv-port", "fail"],
      ["waiver-expired", "warn"],
    ]);
  });

  test.each([
    ["another check", { ...waiver, check: "srv-target" }],
    ["another domain", { ...waiver, domain: "emea.example" }],
  ])("do not cover %s", (_, other) => {
    expect(underWaivers([finding()], [other], { now: NOW, placeOf })).toEqual([finding()]);
  });

  test("never cover what could not be found out", () => {
    const unknown = finding({ verdict: "unknown" });
    expect(underWaivers([unknown], [waiver], { now: NOW, placeOf })).toEqual([unknown]);
  });
});

describe("a selection of checks", () => {
  const ids = (selection: Parameters<typeof selected>[1], all = [finding(), finding({ id: "srv-extra" })]) =>
    selected(all, selection, catalogueEntry).map(({ id }) => id);

  test("takes what is named, or all but what is named", () => {
    expect(ids({ only: ["srv-port"] })).toEqual(["srv-port"]);
    expect(ids({ skip: ["srv-port"] })).toEqual(["srv-extra"]);
    expect(ids({})).toEqual(["srv-port", "srv-extra"]);
  });

  test("keeps the fault that hides a wanted check: no record is no right port", () => {
    expect(ids({ only: ["srv-port"] }, [finding({ id: "srv-missing" })])).toEqual(["srv-missing"]);
    expect(ids({ only: ["address-extra"] }, [finding({ id: "srv-missing" })])).toEqual([]);
  });

  test("never leaves out what could not be found out", () => {
    const unknown = finding({ id: "ns-lame", verdict: "unknown" });
    expect(ids({ only: ["srv-port"], skip: ["ns-lame"] }, [unknown])).toEqual(["ns-lame"]);
  });
});

describe("the verdict follows from the findings", () => {
  test("a fault at the Access Edge is one of every domain, that of a domain its own", () => {
    const edge = finding({ id: "address-extra", domain: "sip.contoso.example" });
    const verdicts = (changed: Parameters<typeof withFindings>[1]) =>
      withFindings(report(), changed).domains.map(({ verdict }) => verdict);
    expect(verdicts([edge])).toEqual(["fail", "fail"]);
    expect(verdicts([finding()])).toEqual(["fail", "pass"]);
    expect(verdicts([finding({ verdict: "warn", domain: null })])).toEqual(["pass", "pass"]);
  });

  test("an interrupted run never passes", () => {
    expect(withFindings(report({ complete: false }), []).verdict).toBe("unknown");
  });
});

describe("the gate", () => {
  const policy = { failOn: "fail", allowUnknown: false } as const;
  const with_ = (verdict: "pass" | "warn" | "fail" | "unknown", more: object = {}) => {
    const judged = withFindings(report(), verdict === "pass" ? [] : [finding({ verdict })]);
    const given = gated(judged, { ...policy, ...more });
    return [given.reason, gateExitCode(given, { ...policy, ...more })];
  };
  test.each([
    ["pass", {}, [null, 0]],
    ["warn", {}, [null, 0]],
    ["warn", { failOn: "warn" }, ["warn", 1]],
    ["fail", {}, ["fail", 1]],
    ["fail", { allowUnknown: true }, ["fail", 1]],
    ["unknown", {}, [null, 3]],
    ["unknown", { failOn: "warn" }, [null, 3]],
    ["unknown", { allowUnknown: true }, [null, 0]],
  ] as const)("%s with %j", (verdict, more, expected) => expect(with_(verdict, more)).toEqual(expected));

  test("a warning closes it where warnings do, also beside what is unknown", () => {
    const both = withFindings(report(), [finding({ verdict: "warn" }), finding({ verdict: "unknown" })]);
    expect(gated(both, { failOn: "warn", allowUnknown: true }).reason).toBe("warn");
  });
});
