import { describe, expect, test } from "@jest/globals";
import { SaxesParser } from "saxes";
import { type FORMATS, formatReport, type VerifyReport, verifyMarkdown } from "../../../src/dns";
import { finding, report } from "./reports";

const write = (format: (typeof FORMATS)[number], more: Partial<VerifyReport> = {}) =>
  formatReport(report(more), format, { colour: false });

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}
/** The elements of a text that has to be well-formed XML. */
function elements(xml: string): Element[] {
  const found: Element[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    found.push({ name, attributes: attributes as Record<string, string>, text: "" });
  });
  parser.on("text", (text) => {
    const last = found.at(-1);
    if (last !== undefined) last.text += text;
  });
  parser.write(xml).close();
  return found;
}
const cases = (xml: string) =>
  elements(xml).flatMap((element, at, all) => {
    if (element.name !== "testcase") return [];
    const next = all[at + 1]?.name ?? "";
    const result = ["failure", "error", "skipped", "system-out"].includes(next) ? next : "passed";
    return [[element.attributes.classname, element.attributes.name, result]];
  });

describe("JUnit", () => {
  test("has a suite a domain and a case a check: failed, passed, and skipped where another finding hides it", () => {
    const hidden = report({ findings: [finding({ id: "srv-missing" })] });
    expect(cases(formatReport(hidden, "junit", { colour: false }))).toEqual([
      ["contoso.example", "srv-missing", "failure"],
      ["contoso.example", "srv-target", "skipped"],
      ["contoso.example", "srv-port", "skipped"],
      ["contoso.example", "srv-extra", "skipped"],
      ["emea.example", "srv-missing", "passed"],
      ["emea.example", "srv-target", "passed"],
      ["emea.example", "srv-port", "passed"],
      ["emea.example", "srv-extra", "passed"],
    ]);
  });

  test("unknown is an error and nothing of that domain passes; a warning is output", () => {
    const xml = write("junit", {
      findings: [
        finding({ id: "resolver-failure", verdict: "unknown", domain: "emea.example" }),
        finding({ verdict: "warn" }),
        finding({ id: "ns-lame", verdict: "warn", domain: null }),
      ],
    });
    const all = cases(xml);
    expect(all.filter(([domain]) => domain === "emea.example").map(([, , result]) => result)).toEqual(
      expect.arrayContaining(["error", "skipped"]),
    );
    expect(all.filter(([domain, , result]) => domain === "emea.example" && result === "passed")).toEqual([]);
    expect(all).toContainEqual(["contoso.example", "srv-port", "system-out"]);
    expect(all).toContainEqual(["servers", "ns-lame", "system-out"]);
    expect(elements(xml)[0]).toMatchObject({ attributes: { failures: "0", errors: "1", tests: `${all.length}` } });
  });

  test("an interrupted run is an error, whatever was found by then", () => {
    const xml = write("junit", { complete: false, findings: [] });
    expect(cases(xml)).toContainEqual(["run", "complete", "error"]);
    expect(elements(xml)[0]).toMatchObject({ attributes: { errors: "1" } });
  });

  test("stays well-formed, whatever a server said", () => {
    const found = '</failure>"\u0000\u001b[31m\ud800&<![CDATA[';
    const [element] = elements(write("junit", { findings: [finding({ found })] })).filter(
      ({ name }) => name === "failure",
    );
    expect(element!.text).toContain('</failure>"\\u{0}\\u{1b}[31m\\u{d800}&<![CDATA[');
  });
});

describe("SARIF", () => {
  const place = { path: "domains[0].name", line: 4, column: 7 };
  test("points at the definition's line; the rule is the check, a waiver a suppression", () => {
    const waived = { reason: "moving", until: "2030-01-01", verdict: "fail" } as const;
    const log = JSON.parse(
      write("sarif", {
        file: "./edge configs/edge.json",
        findings: [finding({ definition: place }), finding({ id: "srv-extra", verdict: "info", waived })],
      }),
    );
    const [run] = log.runs;
    expect(log.version).toBe("2.1.0");
    expect(run.results[0]).toMatchObject({
      ruleId: "srv-port",
      level: "error",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "edge%20configs/edge.json" },
            region: { startLine: 4, startColumn: 7 },
          },
          logicalLocations: [{ fullyQualifiedName: "domains[0].name" }],
        },
      ],
    });
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
    expect(run.results[1]).toMatchObject({
      level: "note",
      suppressions: [{ justification: expect.stringContaining("moving") }],
    });
    expect(run.tool.driver.rules[1]).toMatchObject({ defaultConfiguration: { level: "error" } });
  });

  test("a TypeScript definition has its first line and the path", () => {
    const definition = { path: "accessEdge.fqdn", line: null, column: null };
    const log = JSON.parse(write("sarif", { file: "edge.config.ts", findings: [finding({ definition })] }));
    expect(log.runs[0].results[0].locations[0]).toEqual({
      physicalLocation: { artifactLocation: { uri: "edge.config.ts" }, region: { startLine: 1 } },
      logicalLocations: [{ fullyQualifiedName: "accessEdge.fqdn" }],
    });
  });
});

describe("GitHub", () => {
  test("annotates the line of the definition", () => {
    const definition = { path: "domains[0].name", line: 4, column: 7 };
    const [line] = write("github", { file: "a,b:c.json", findings: [finding({ definition })] }).split("\n");
    expect(line).toBe(
      "::error file=a%2Cb%3Ac.json,line=4,col=7,title=srv-port contoso.example::_xmpp-server._tcp.contoso.example SRV: found port 5222; expected port 5269%0Aremedy: _xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
    );
  });

  test.each(["\n::add-mask::x", "\r\n::warning::x", "100%0A::error::x", "\u2028::error::x"])(
    "no answer starts a command of its own: %j",
    (found) => {
      const text = write("github", { findings: [finding({ found })] });
      expect(text.split(/[\r\n]/).filter((line) => line.startsWith("::"))).toHaveLength(1);
    },
  );

  test("the summary shows what servers said as text, in one row a finding", () => {
    const table = verifyMarkdown(report({ findings: [finding({ found: "a|b\n<img src=x> [x](https://x.example)" })] }));
    const rows = table.split("\n").filter((line) => line.startsWith("| fail"));
    expect(rows).toHaveLength(1);
    expect(rows[0]!.split("|")).toHaveLength(8);
    expect(table).not.toMatch(/<img|\]\(/);
  });
});

describe("Prometheus", () => {
  test("has a sample for each check that was made, none for what is hidden, and escapes labels", () => {
    const text = write("prometheus", {
      finished: "2026-01-02T03:04:05.500Z",
      findings: [finding({ id: "srv-missing" }), finding({ id: "ns-lame", verdict: "warn", domain: 'a"\\\nb' })],
    });
    expect(text).toContain('xmpp_edge_dns_check{domain="contoso.example",check="srv-missing"} 2\n');
    expect(text).not.toContain('{domain="contoso.example",check="srv-port"}');
    expect(text).toContain('xmpp_edge_dns_check{domain="emea.example",check="srv-port"} 0\n');
    expect(text).toContain('xmpp_edge_dns_check{domain="a\\"\\\\\\nb",check="ns-lame"} 1\n');
    expect(text).toContain("xmpp_edge_dns_verdict 2\n");
    expect(text).toContain("xmpp_edge_dns_last_run_timestamp_seconds 1767323045.5\n");
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) xmpp_edge_\w+ .+|xmpp_edge_\w+(\{(\w+="(\\.|[^"\\])*",?)+\})? [\d.]+)$/);
  });
});

describe("Nagios", () => {
  test.each([
    ["fail", "CRITICAL"],
    ["warn", "WARNING"],
    ["unknown", "UNKNOWN"],
  ] as const)("says %s as %s, with performance data after the one bar", (verdict, state) => {
    const text = write("nagios", { verdict, findings: [finding({ verdict, found: "a|b\nc" })] });
    const [first, second] = text.split("\n");
    expect(first).toMatch(new RegExp(`^DNS ${state} - contoso\\.example srv-port: found a/b.*\\| fail=1;;;0 `));
    expect(first!.split("|")).toHaveLength(2);
    expect(second).toBe(`${verdict} contoso.example srv-port: a/b\\u{a}c`);
  });

  test("a sound run is OK", () => {
    expect(write("nagios", { verdict: "pass", findings: [] })).toMatch(/^DNS OK - 2 domains as defined \|/);
  });
});

describe("NDJSON", () => {
  test("has a finding a line and the rest of the report last", () => {
    const lines = write("ndjson")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(["finding", "report"]);
    expect(lines[1]).toMatchObject({ verdict: "fail", counts: { fail: 1 } });
    expect(lines[1]).not.toHaveProperty("findings");
  });
});

test("the text shows no control characters of a server's answer", () => {
  expect(write("text", { findings: [finding({ found: "\u001b[2Jx\u202e" })] })).toContain("\\u{1b}[2Jx\\u{202e}");
});

describe("what monitors draw", () => {
  const measures: NonNullable<VerifyReport["measures"]> = {
    queries: {
      buckets: [
        { le: 0.005, count: 2 },
        { le: 2.5, count: 3 },
      ],
      count: 3,
      sum: 0.25,
      unanswered: 1,
    },
    signatures: [{ zone: 'contoso".example', expires: 1_800_000_000 }],
    certificates: [{ domain: "contoso.example", address: "2001:db8::7", port: 5269, expires: 1_790_000_000 }],
  };
  test("ends of signatures and certificates, and how long answers took", () => {
    const text = write("prometheus", { measures });
    for (const line of [
      'xmpp_edge_dns_rrsig_expiry_timestamp_seconds{zone="contoso\\".example"} 1800000000',
      'xmpp_edge_dns_cert_expiry_timestamp_seconds{domain="contoso.example",address="2001:db8::7",port="5269"} 1790000000',
      "# TYPE xmpp_edge_dns_query_seconds histogram",
      'xmpp_edge_dns_query_seconds_bucket{le="0.005"} 2',
      'xmpp_edge_dns_query_seconds_bucket{le="+Inf"} 3',
      "xmpp_edge_dns_query_seconds_sum 0.25",
      "xmpp_edge_dns_query_seconds_count 3",
    ])
      expect(text.split("\n")).toContain(line);
  });
});
