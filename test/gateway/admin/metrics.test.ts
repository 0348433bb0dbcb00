import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { metricsText } from "../../../src/gateway/admin/metrics";
import { Counters } from "../../../src/gateway/counters";
import type { StreamStatus } from "../../../src/gateway/status";
import { STATUS } from "./admin-port";

/** The lines of a family's samples. */
function samples(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length] ?? ""));
}

function counted(...keys: string[]): string {
  const counters = new Counters();
  for (const key of keys) counters.add(key, 2);
  return metricsText(counters.all(), STATUS, 1000);
}

test("an idle gateway shows what it has, each family with its type", () => {
  expect(metricsText({}, { ...STATUS, queued: 3 }, 4096)).toBe(
    [
      "# HELP xmpp_edge_ready Whether the gateway serves.",
      "# TYPE xmpp_edge_ready gauge",
      "xmpp_edge_ready 1",
      "# HELP xmpp_edge_queued_messages Messages on their way out.",
      "# TYPE xmpp_edge_queued_messages gauge",
      "xmpp_edge_queued_messages 3",
      "# HELP process_resident_memory_bytes Resident memory size in bytes.",
      "# TYPE process_resident_memory_bytes gauge",
      "process_resident_memory_bytes 4096",
      "",
    ].join("\n"),
  );
});

test("each domain's certificate tells when it expires", () => {
  const certificates = [
    { domain: "contoso.example", sha256: "ab", notAfter: "2027-01-01T00:00:00.000Z" },
    { domain: "fabrikam.example", sha256: "cd", notAfter: "2027-02-01T00:00:00.000Z" },
  ];
  expect(
    samples(metricsText({}, { ...STATUS, certificates }, 1), "xmpp_edge_certificate_expiry_timestamp_seconds"),
  ).toEqual([
    'xmpp_edge_certificate_expiry_timestamp_seconds{domain="contoso.example"} 1798761600',
    'xmpp_edge_certificate_expiry_timestamp_seconds{domain="fabrikam.example"} 1801440000',
  ]);
});

test("streams are counted by direction, state and method", () => {
  const stream = (change: Partial<StreamStatus>): StreamStatus => ({
    direction: "in",
    local: "contoso.example",
    remote: "fabrikam.example",
    state: "open",
    age: 1,
    ...change,
  });
  const streams = [
    stream({}),
    stream({ method: "tls-dialback" }),
    stream({ method: "tls-dialback" }),
    stream({ direction: "out" }),
  ];
  expect(samples(metricsText({}, { ...STATUS, streams }, 1), "xmpp_edge_streams")).toEqual([
    'xmpp_edge_streams{direction="in",state="open",method="none"} 1',
    'xmpp_edge_streams{direction="in",state="open",method="tls-dialback"} 2',
    'xmpp_edge_streams{direction="out",state="open",method="none"} 1',
  ]);
});

describe("counters", () => {
  test.each<[string, string]>([
    ["stanzas_total", "xmpp_edge_stanzas_total 2"],
    ["stanzas", "xmpp_edge_stanzas_total 2"],
    ["xmpp_edge_stanzas", "xmpp_edge_stanzas_total 2"],
    ["stanzas-in.bytes", "xmpp_edge_stanzas_in_bytes_total 2"],
    ['m_total{direction="in",result="ok"}', 'xmpp_edge_m_total{direction="in",result="ok"} 2'],
    ['m_total{text="a\\"b\\\\c\\nd"}', 'xmpp_edge_m_total{text="a\\"b\\\\c\\nd"} 2'],
    ["m_total{}", "xmpp_edge_m_total 2"],
    ['m_total{text="a"b"}', 'xmpp_edge_m_total{key="{text=\\"a\\"b\\"}"} 2'],
    ['m_total{text="a', 'xmpp_edge_m_total{key="{text=\\"a"} 2'],
    ['m_total{a="1",a="2"}', 'xmpp_edge_m_total{key="{a=\\"1\\",a=\\"2\\"}"} 2'],
    ["m_total{a\nb}", 'xmpp_edge_m_total{key="{a\\nb}"} 2'],
  ])("%s", (key, line) => {
    expect(counted(key).split("\n").at(-2)).toBe(line);
  });

  test("that come out under one name are added up: a series may stand there once", () => {
    expect(samples(counted("a.b", "a-b", "a_b_total"), "xmpp_edge_a_b_total")).toEqual(["xmpp_edge_a_b_total 6"]);
  });

  test("of one family share its header", () => {
    const text = counted('m{a="1"}', 'm{a="2"}');
    expect(text.match(/# TYPE xmpp_edge_m_total counter/g)).toHaveLength(1);
  });

  test("whatever their keys hold, every line reads as the format asks", () => {
    const sample = /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*",?)+\})? [0-9.e+-]+$/;
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.string().map((text) => `m{a="${text}"}`),
          ),
        ),
        (keys) => {
          const lines = counted(...keys)
            .split("\n")
            .slice(0, -1);
          const series = lines.filter((line) => !line.startsWith("# "));
          for (const line of series) expect(line).toMatch(sample);
          const names = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
          expect(new Set(names).size).toBe(names.length);
        },
      ),
    );
  });
});
