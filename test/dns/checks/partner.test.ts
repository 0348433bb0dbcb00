import { describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts";
import { negotiationTable } from "../../../src/definition/negotiation";
import { partnerFamily } from "../../../src/dns/checks/partner";
import type { Evidence, PartnerEvidence } from "../../../src/dns/evidence";
import type { ProbeResult } from "../../../src/dns/probe";
import { partner, partnerOfRow } from "../../gateway/documents";
import { evidenceOf, said, surveyOf } from "./evidence";

const DOMAIN = "fabrikam.example";
const HOST = "xmpp.fabrikam.example";
const ADDRESS = "203.0.113.9";
const PLACE = { ok: true, targets: [{ host: HOST, address: ADDRESS, port: 5269 }], forbidden: [] } as const;
const header = { from: DOMAIN, id: "s1", versioned: true, dialback: false };

/** What a server shows that does TLS and, inside it, this. */
function shows(secure: Partial<ProbeResult> = {}, starttls: "required" | "optional" = "required"): ProbeResult {
  return {
    domain: DOMAIN,
    address: ADDRESS,
    port: 5269,
    reached: "secure-features",
    header,
    features: { starttls },
    tls: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", chain: [] },
    secureHeader: header,
    secureFeatures: {},
    secureDialback: false,
    elapsed: 9,
    ...secure,
  };
}
const DIALBACK = { secureFeatures: { dialback: { errors: true } }, secureDialback: true };
const EXTERNAL = { secureFeatures: { mechanisms: ["EXTERNAL"] } };
/** A server without TLS. */
const plain = (dialback: boolean): ProbeResult => ({
  domain: DOMAIN,
  address: ADDRESS,
  port: 5269,
  reached: "features",
  header: { ...header, dialback },
  features: {},
  problem: { code: "no-starttls", awaited: "features", text: "the server does not offer STARTTLS" },
  elapsed: 9,
});
/** A server that ends the stream inside TLS. */
function refuses(condition: "not-authorized" | "policy-violation" | "host-unknown"): ProbeResult {
  const { secureFeatures: _, secureDialback: __, ...rest } = shows();
  return {
    ...rest,
    reached: "secure-stream",
    problem: { code: "stream-error", awaited: "features", text: condition, condition },
  };
}
const unreached = (code: "connect-failed" | "timeout" | "aborted"): ProbeResult => ({
  domain: DOMAIN,
  address: ADDRESS,
  port: 5269,
  reached: "none",
  problem: { code, awaited: "connection", text: "no connection" },
  elapsed: 9,
});

const met = (row: DocumentPartner, probe: ProbeResult, more: Partial<PartnerEvidence> = {}): PartnerEvidence => ({
  domain: DOMAIN,
  row,
  place: PLACE,
  probes: [probe],
  ...more,
});
const judge = (partners: readonly PartnerEvidence[], more: Partial<Evidence> = {}) => [
  ...partnerFamily({ ...evidenceOf({ partners }), ...more }),
];
const ids = (one: PartnerEvidence) => judge([one]).map(({ id }) => id);

const SASL = partner();
const TLS_DIALBACK = partner({ tls: "Required", sasl: "NotSupported", dialback: true });
const PLAIN = partner({ tls: "NotSupported", sasl: "NotSupported", dialback: true });
const ANY = partner({ tls: "Optional", sasl: "Optional", dialback: true });

describe("a partner whose server offers a method of the row gives no finding", () => {
  test.each<[string, DocumentPartner, ProbeResult]>([
    ["SASL EXTERNAL offered", SASL, shows(EXTERNAL)],
    ["SASL EXTERNAL not offered to whom shows no certificate", SASL, shows()],
    ["refused without a certificate", SASL, refuses("not-authorized")],
    ["refused in other words without a certificate", SASL, refuses("policy-violation")],
    ["dialback inside TLS", TLS_DIALBACK, shows(DIALBACK)],
    ["dialback in plain, TLS being optional", PLAIN, shows({ header: { ...header, dialback: true } }, "optional")],
    ["dialback in plain, without TLS", ANY, plain(true)],
    ["everything", ANY, shows({ ...DIALBACK, header: { ...header, dialback: true } }, "optional")],
  ])("%s", (_, row, probe) => {
    expect(judge([met(row, probe)])).toEqual([]);
  });
});

describe("no method in common", () => {
  test.each<[string, DocumentPartner, ProbeResult, string]>([
    [
      "no TLS there, TLS demanded here",
      SASL,
      plain(true),
      "ask fabrikam.example to offer STARTTLS; if less is meant to be enough, in the row of fabrikam.example set ",
    ],
    [
      "TLS demanded there, none here",
      PLAIN,
      shows(DIALBACK),
      'in the row of fabrikam.example set "tlsNegotiation": "Required"',
    ],
    [
      "SASL EXTERNAL alone there, dialback here",
      TLS_DIALBACK,
      refuses("not-authorized"),
      'in the row of fabrikam.example set "saslNegotiation": "Required"',
    ],
    [
      "no dialback inside TLS",
      TLS_DIALBACK,
      shows(),
      'in the row of fabrikam.example set "saslNegotiation": "Required"',
    ],
    ["neither TLS nor dialback", ANY, plain(false), "ask fabrikam.example to offer STARTTLS"],
    [
      "a server from before RFC 3920",
      SASL,
      { ...plain(true), problem: { code: "no-version", awaited: "features", text: "no version" } },
      "ask fabrikam.example to offer STARTTLS",
    ],
  ])("%s", (_, row, probe, remedy) => {
    expect(judge([met(row, probe)])).toMatchObject([
      { id: "partner-no-common-method", domain: DOMAIN, remedy: expect.stringContaining(remedy) },
    ]);
  });

  test("where the certificate is refused and the row has nothing else", () => {
    const identity = { ok: false, reason: "expired: CN=x is valid until yesterday" } as const;
    expect(judge([met(SASL, shows(EXTERNAL), { identity })])).toMatchObject([
      {
        id: "partner-no-common-method",
        found: expect.stringContaining("its certificate is refused (expired: CN=x"),
        remedy: expect.stringMatching(
          /^ask fabrikam.example to mend its certificate, or name its CA by trustAnchors of the row/,
        ),
      },
    ]);
    const dialback = { tls: "Required", sasl: "Optional", dialback: true } as const;
    expect(judge([met(partner(dialback), shows(DIALBACK), { identity })])).toEqual([]);
  });

  test("where our certificate was shown and EXTERNAL is still not offered", () => {
    expect(judge([met(SASL, shows(), { certified: true })])).toMatchObject([{ id: "partner-no-common-method" }]);
    expect(judge([met(SASL, shows(EXTERNAL), { certified: true })])).toEqual([]);
  });

  test("of every row: the settings that the remedy names would do", () => {
    const servers = [
      plain(true),
      shows(DIALBACK),
      shows(),
      shows(EXTERNAL),
      shows(DIALBACK, "optional"),
      refuses("not-authorized"),
    ];
    let remedies = 0;
    for (const { row, valid } of negotiationTable())
      for (const server of servers) {
        if (!valid) continue;
        const before = partnerOfRow(row);
        const [found] = judge([met(before, server)]);
        if (found === undefined || found.id !== "partner-no-common-method") continue;
        const settings = JSON.parse(`{${/set (".*)$/.exec(found.remedy)?.[1] ?? ""}}`) as Record<string, never>;
        const {
          tlsNegotiation: tls = before.tls,
          saslNegotiation: sasl = before.sasl,
          supportDialbackNegotiation: dialback = before.dialback,
        } = settings;
        expect(Object.keys(settings).length).toBeGreaterThan(0);
        expect(judge([met(partner({ tls, sasl, dialback }), server)])).toEqual([]);
        remedies++;
      }
    expect(remedies).toBeGreaterThan(10);
  });
});

describe("a partner's server", () => {
  const nowhere = (why: "absent" | "failed" | "forbidden", text: string): PartnerEvidence => ({
    domain: DOMAIN,
    row: SASL,
    place:
      why === "forbidden"
        ? { ok: false, why, text, remedy: "allow the range by allowedTargets if it is meant" }
        : { ok: false, why, text },
    probes: [],
  });

  test("is nowhere, by what the DNS says", () => {
    expect(judge([nowhere("absent", "no address for fabrikam.example")])).toMatchObject([
      { id: "partner-unresolvable", domain: DOMAIN, found: "no address for fabrikam.example" },
    ]);
  });

  test("is not known where nobody answers; not told of where name servers were named for our zones", () => {
    const silent = nowhere("failed", "no answer");
    expect(judge([silent])).toMatchObject([{ id: "partner-unknown", verdict: "unknown" }]);
    expect(judge([silent], { survey: surveyOf({ reach: "given" }) })).toEqual([]);
  });

  test("points where nobody is let to", () => {
    expect(judge([nowhere("forbidden", "points at addresses that are never dialled: 10.0.0.1:5269")])).toMatchObject([
      { id: "partner-unreachable", remedy: expect.stringContaining("allowedTargets") },
    ]);
  });

  test.each<[string, ProbeResult, string]>([
    ["refuses", unreached("connect-failed"), "partner-unreachable"],
    ["is silent", unreached("timeout"), "partner-unreachable"],
    ["was not looked at in time", unreached("aborted"), "partner-unknown"],
    [
      "does not know us",
      {
        ...plain(true),
        problem: { code: "stream-error", awaited: "features", text: "host-unknown", condition: "host-unknown" },
      },
      "partner-unreachable",
    ],
    [
      "fails in TLS",
      {
        ...plain(true),
        features: { starttls: "required" },
        problem: { code: "tls-failed", awaited: "tls", text: "x" },
      },
      "partner-unreachable",
    ],
    ["has another reason inside TLS", refuses("host-unknown"), "partner-unreachable"],
  ])("%s", (_, probe, id) => {
    expect(ids(met(SASL, probe))).toEqual([id]);
  });

  test("that is a second address's counts as that address", () => {
    expect(judge([met(SASL, shows(EXTERNAL), { probes: [unreached("connect-failed"), shows(EXTERNAL)] })])).toEqual([]);
  });

  test("of several domains of one partner is told of once", () => {
    const dead = met(SASL, unreached("timeout"));
    expect(judge([dead, { ...dead, domain: "it.fabrikam.example" }])).toMatchObject([
      { id: "partner-unreachable", domain: DOMAIN, touches: ["it.fabrikam.example"] },
    ]);
  });
});

describe("signatures over a partner's records", () => {
  const srv = { name: `_xmpp-server._tcp.${DOMAIN}`, type: "SRV" } as const;
  const two = { "192.0.2.1": said(srv, []), "192.0.2.2": said(srv, []) };
  const survey = surveyOf({ atNameServers: [{ question: srv, from: two, zone: DOMAIN }] });
  const judged = (...status: ("bogus" | "secure")[]) =>
    status.map((one, at) => ({
      server: { address: `192.0.2.${at + 1}`, port: 53 },
      trust: (one === "bogus"
        ? { status: "bogus", detail: "the signature of key 7 fails" }
        : { status: "secure" }) as never,
    }));
  const dns = (...status: ("bogus" | "secure")[]) => ({
    partnerDns: { survey, trust: { zones: new Map(), answers: new Map([[`SRV ${srv.name}`, judged(...status)]]) } },
  });

  test("that fail at every server", () => {
    expect(judge([met(SASL, shows(EXTERNAL))], dns("bogus", "bogus"))).toMatchObject([
      { id: "partner-dnssec-bogus", domain: DOMAIN, server: "192.0.2.1:53, 192.0.2.2:53" },
    ]);
  });

  test("that fail at one are a warning about that one", () => {
    expect(judge([met(SASL, shows(EXTERNAL))], dns("secure", "bogus"))).toMatchObject([
      { id: "partner-dnssec-bogus", verdict: "warn", server: "192.0.2.2:53" },
    ]);
  });

  test("that hold, or are not there, are no finding", () => {
    expect(judge([met(SASL, shows(EXTERNAL))], dns("secure", "secure"))).toEqual([]);
  });

  test("of a zone whose keys its parent does not know", () => {
    const zones = new Map([[DOMAIN, { status: "bogus", detail: "no DS fits a key" } as never]]);
    expect(
      judge([met(SASL, shows(EXTERNAL))], { partnerDns: { survey, trust: { zones, answers: new Map() } } }),
    ).toMatchObject([{ id: "partner-dnssec-bogus", found: "no DS fits a key" }]);
  });

  test("explain why nobody answers", () => {
    const silent: PartnerEvidence = {
      domain: DOMAIN,
      row: SASL,
      place: { ok: false, why: "failed", text: "SERVFAIL" },
      probes: [],
    };
    expect(judge([silent], dns("bogus", "bogus")).map(({ id }) => id)).toEqual(["partner-dnssec-bogus"]);
  });
});
