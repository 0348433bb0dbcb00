import { describe, expect, test } from "@jest/globals";
import { verifyText } from "../../../src/dns";
import { byWeight, worst } from "../../../src/dns/report/report";
import { finding, report } from "./reports";

describe("the report as text", () => {
  test("has faults with their remedy first, sound domains after them, the sum last", () => {
    expect(verifyText(report(), { colour: false })).toBe(`FAIL    contoso.example srv-port
        asked     _xmpp-server._tcp.contoso.example SRV
        server    192.0.2.53:53
        found     port 5222
        expected  port 5269
        remedy    _xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.
        source    RFC 6120 section 14.7
        retry     resolvers remember it for up to 77 s

PASS    emea.example

FAIL    2 domains, 9 checks: 1 failed; asked 192.0.2.53:53
`);
  });

  test("lines up what takes several lines", () => {
    const text = verifyText(report({ findings: [finding({ remedy: "first\nsecond" })] }), { colour: false });
    const [first, second] = text.split("\n").filter((line) => /first|second/.test(line));
    expect(first!.indexOf("first")).toBe(second!.indexOf("second"));
  });

  test("is coloured only where asked to", () => {
    expect(verifyText(report(), { colour: false })).not.toContain("\u001b");
    expect(verifyText(report(), { colour: true })).toContain("\u001b[31mFAIL");
  });

  test("says when it was interrupted, and names zones of name servers", () => {
    const servers = [{ kind: "name-server", server: "192.0.2.1:53", zone: "contoso.example" }] as const;
    const text = verifyText(report({ complete: false, servers }), { colour: false });
    expect(text).toContain("asked contoso.example=192.0.2.1:53; INTERRUPTED");
  });
});

test("the sum of a report says what a bound left out", () => {
  const notLooked = [
    { what: "probes", count: 12 },
    { what: "partners", count: 1 },
  ] as const;
  expect(verifyText(report({ notLooked }), { colour: false })).toContain(
    "asked 192.0.2.53:53; NOT looked at: 12 edge probes, 1 partner domain\n",
  );
});

describe("verdicts", () => {
  test.each([
    [[], "pass"],
    [["info"], "pass"],
    [["info", "warn"], "warn"],
    [["warn", "unknown"], "unknown"],
    [["unknown", "fail", "warn"], "fail"],
  ] as const)("of %j the worst is %s", (verdicts, expected) => expect(worst(verdicts)).toBe(expected));

  test("stand worst first, then by domain, those of servers alone last", () => {
    const findings = [
      finding({ verdict: "warn", domain: null }),
      finding({ verdict: "warn", domain: "b.example" }),
      finding({ verdict: "unknown", domain: "a.example" }),
      finding({ domain: "b.example" }),
      finding({ domain: "a.example", id: "srv-target" }),
      finding({ domain: "a.example" }),
    ];
    expect(findings.sort(byWeight).map(({ verdict, domain, id }) => [verdict, domain, id])).toEqual([
      ["fail", "a.example", "srv-port"],
      ["fail", "a.example", "srv-target"],
      ["fail", "b.example", "srv-port"],
      ["unknown", "a.example", "srv-port"],
      ["warn", "b.example", "srv-port"],
      ["warn", null, "srv-port"],
    ]);
  });
});
