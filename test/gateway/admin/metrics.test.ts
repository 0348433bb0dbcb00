import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { metricsText } from "../../../src/gateway/admin/metrics";
import { Counters } from "../../../src/gateway/counters";
import type { GatewayStatus, StreamStatus } from "../../../src/gateway/status";
import { FIGURES, STATUS } from "./admin-port";

const text = (status: Partial<GatewayStatus> = {}, counters: Record<string, number> = {}) =>
  metricsText({ counters, status: { ...STATUS, ...status }, process: FIGURES });

/** The lines of a family's samples. */
function samples(served: string, name: string): string[] {
  return served.split("\n").filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length] ?? ""));
}

function counted(...keys: string[]): string {
  const counters = new Counters();
  for (const key of keys) counters.add(key, 2);
  return text({}, counters.all());
}

test("an idle gateway shows what it has, each family with its help and type", () => {
  expect(text({ queued: 3 })).toBe(
    [
      "# HELP xmpp_edge_ready Whether the gateway serves partners, as /ready tells it.",
      "# TYPE xmpp_edge_ready gauge",
      "xmpp_edge_ready 1",
      "# HELP xmpp_edge_store_writable Whether the last trial write to the state was committed.",
      "# TYPE xmpp_edge_store_writable gauge",
      "xmpp_edge_store_writable 1",
      "# HELP xmpp_edge_event_loop_lag_seconds By how much the event loop was late at worst in the last 30 seconds.",
      "# TYPE xmpp_edge_event_loop_lag_seconds gauge",
      "xmpp_edge_event_loop_lag_seconds 0.25",
      "# HELP xmpp_edge_queued_messages Stanzas on their way out, of all partners.",
      "# TYPE xmpp_edge_queued_messages gauge",
      "xmpp_edge_queued_messages 3",
      "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.",
      "# TYPE process_cpu_seconds_total counter",
      "process_cpu_seconds_total 1.5",
      "# HELP process_resident_memory_bytes Resident memory size in bytes.",
      "# TYPE process_resident_memory_bytes gauge",
      "process_resident_memory_bytes 4096",
      "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.",
      "# TYPE process_start_time_seconds gauge",
      "process_start_time_seconds 1700000000",
      "# HELP nodejs_heap_size_used_bytes Memory that JavaScript objects take up, in bytes.",
      "# TYPE nodejs_heap_size_used_bytes gauge",
      "nodejs_heap_size_used_bytes 1024",
      "",
    ].join("\n"),
  );
});

test("a gateway that is not ready says so", () => {
  expect(samples(text({ ready: false }), "xmpp_edge_ready")).toEqual(["xmpp_edge_ready 0"]);
});

test("each domain's certificate tells when it expires", () => {
  const certificates = [
    {
      domain: "contoso.example",
      sha256: "ab",
      notBefore: "2026-01-01T00:00:00.000Z",
      notAfter: "2027-01-01T00:00:00.000Z",
    },
    {
      domain: "fabrikam.example",
      sha256: "cd",
      notBefore: "2026-01-01T00:00:00.000Z",
      notAfter: "2027-02-01T00:00:00.000Z",
    },
  ];
  expect(samples(text({ certificates }), "xmpp_edge_certificate_expiry_timestamp_seconds")).toEqual([
    'xmpp_edge_certificate_expiry_timestamp_seconds{domain="contoso.example"} 1798761600',
    'xmpp_edge_certificate_expiry_timestamp_seconds{domain="fabrikam.example"} 1801440000',
  ]);
});

test("streams are counted by partner, direction, state and method; who is no partner has no name", () => {
  const stream = (change: Partial<StreamStatus>): StreamStatus => ({
    direction: "in",
    local: "contoso.example",
    remote: "it.fabrikam.example",
    partner: "fabrikam.example",
    state: "authenticated",
    method: "tls-dialback",
    age: 1,
    ...change,
  });
  const { partner: _, method: __, ...stranger } = stream({ remote: "evil.example", state: "open" });
  const streams = [
    stream({}),
    stream({ remote: "fabrikam.example" }),
    stream({ direction: "out" }),
    stranger,
    { ...stranger, remote: "worse.example" },
  ];
  const served = text({ streams });
  expect(samples(served, "xmpp_edge_streams")).toEqual([
    'xmpp_edge_streams{partner="fabrikam.example",direction="in",state="authenticated",method="tls-dialback"} 2',
    'xmpp_edge_streams{partner="fabrikam.example",direction="out",state="authenticated",method="tls-dialback"} 1',
    'xmpp_edge_streams{partner="",direction="in",state="open",method="none"} 2',
  ]);
  expect(served).not.toMatch(/evil|worse/);
});

test("streams that carry both directions are counted besides", () => {
  const stream = { local: "contoso.example", remote: "fabrikam.example", partner: "fabrikam.example", age: 1 } as const;
  const streams = [
    { ...stream, direction: "in", state: "authenticated", method: "sasl-over-tls", bidi: true },
    { ...stream, direction: "out", state: "authenticated", method: "sasl-over-tls" },
  ] as const;
  const served = text({ streams });
  expect(samples(served, "xmpp_edge_streams_both_ways")).toEqual([
    'xmpp_edge_streams_both_ways{partner="fabrikam.example",direction="in"} 1',
  ]);
  expect(samples(served, "xmpp_edge_streams")).toHaveLength(2);
});

test("queues are added up by partner, the oldest age is the greatest", () => {
  const queue = { partner: "fabrikam.example", local: "contoso.example", stanzas: 2, bytes: 300, oldest: 4 };
  const queues = [
    { ...queue, remote: "fabrikam.example" },
    { ...queue, remote: "it.fabrikam.example", oldest: 9 },
  ];
  const served = text({ queues });
  expect(samples(served, "xmpp_edge_queue_stanzas")).toEqual(['xmpp_edge_queue_stanzas{partner="fabrikam.example"} 4']);
  expect(samples(served, "xmpp_edge_queue_bytes")).toEqual(['xmpp_edge_queue_bytes{partner="fabrikam.example"} 600']);
  expect(samples(served, "xmpp_edge_queue_oldest_age_seconds")).toEqual([
    'xmpp_edge_queue_oldest_age_seconds{partner="fabrikam.example"} 9',
  ]);
});

test("a failure is told by when it was, never by its words", () => {
  const failures = [
    {
      partner: "fabrikam.example",
      direction: "out" as const,
      remote: "fabrikam.example",
      at: "2026-01-02T12:00:00.000Z",
      code: "dns-absent",
      text: "the words",
      hop: "DNS" as const,
      side: "theirs" as const,
      remedy: "publish",
    },
  ];
  const served = text({ failures });
  expect(samples(served, "xmpp_edge_partner_failure_timestamp_seconds")).toEqual([
    'xmpp_edge_partner_failure_timestamp_seconds{partner="fabrikam.example",direction="out"} 1767355200',
  ]);
  expect(served).not.toContain("the words");
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
    expect(counted(key).split("\n")).toContain(line);
  });

  test("that come out under one name are added up: a series may stand there once", () => {
    expect(samples(counted("a.b", "a-b", "a_b_total"), "xmpp_edge_a_b_total")).toEqual(["xmpp_edge_a_b_total 6"]);
  });

  test("of one family share its header", () => {
    expect(counted('m{a="1"}', 'm{a="2"}').match(/# TYPE xmpp_edge_m_total counter/g)).toHaveLength(1);
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
