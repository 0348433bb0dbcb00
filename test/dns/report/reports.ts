import type { VerifyFinding, VerifyReport } from "../../../src/dns";

// A report with one fault in one of two domains, for the tests of the formats.

export const finding = (more: Partial<VerifyFinding> = {}): VerifyFinding => ({
  id: "srv-port",
  verdict: "fail",
  severity: "fail",
  domain: "contoso.example",
  subject: "_xmpp-server._tcp.contoso.example SRV",
  server: "192.0.2.53:53",
  found: "port 5222",
  expected: "port 5269",
  source: "RFC 6120 section 14.7",
  remedy: "_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
  retryAfter: 77,
  ...more,
});

export const report = (more: Partial<VerifyReport> = {}): VerifyReport => ({
  schema: "xmpp-edge/dns-verify/1",
  verdict: "fail",
  complete: true,
  checks: ["srv-missing", "srv-target", "srv-port", "srv-extra"],
  counts: { domains: 2, checks: 9, questions: 4, fail: 1, unknown: 0, warn: 0, info: 0 },
  domains: [
    { domain: "contoso.example", verdict: "fail" },
    { domain: "emea.example", verdict: "pass" },
  ],
  findings: [finding()],
  servers: [{ kind: "resolver", server: "192.0.2.53:53", zone: null }],
  ...more,
});
