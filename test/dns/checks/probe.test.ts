import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../../src/certificate/trust-store";
import { facts } from "../../../src/definition";
import { probeFamily } from "../../../src/dns/checks/probe";
import type { EdgeProbe, ProbeAwaited, ProbeProblem } from "../../../src/dns/probe";
import {
  CLIENT_AUTH,
  Extension,
  type Issued,
  type IssueOptions,
  issue,
  NOW,
  rsa,
  SERVER_AUTH,
  SUBJECT_ALT_NAME,
} from "../../certificate/authority";
import { definition } from "../contoso-zone";
import { evidenceOf } from "./evidence";

const EDGE = "sip.contoso.example";
const LOCAL = "contoso.example";
const EMEA = "emea.example";
const PARTNER = "fabrikam.example";
const V4 = "198.51.100.7";
const V6 = "2001:db8::7";

let root: Issued;
let issuing: Issued;
let trust: TrustStore;
let sound: Issued;
beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true, to: 400 });
  issuing = await issue({ subject: "CN=Issuing", issuer: root, ca: true, to: 400 });
  trust = TrustStore.fromPem(root.pem);
  sound = await leaf();
});

/** A certificate for the domains, below the intermediate. */
const leaf = (options: Partial<IssueOptions> = {}): Promise<Issued> =>
  issue({
    subject: "CN=edge",
    issuer: issuing,
    names: [EDGE, LOCAL, EMEA],
    purposes: [SERVER_AUTH],
    to: 90,
    ...options,
  });

const factsOf = (domains: readonly string[], partner: object = {}) =>
  facts(
    definition({
      domains: domains.map((name) => ({ name })),
      partners: [
        {
          domain: PARTNER,
          tlsNegotiation: "Required",
          saslNegotiation: "NotSupported",
          supportDialbackNegotiation: true,
          ...partner,
        },
      ],
    }),
  );
const BOTH = factsOf([LOCAL, EMEA]);
const ONE = factsOf([LOCAL]);

const header = (domain: string) => ({ from: domain, id: "s1", versioned: true, dialback: true });

/** What a sound edge shows to a partner that shows no certificate. */
const soundProbe = (domain = LOCAL, address = V4, chain = [sound, issuing]): EdgeProbe => ({
  host: EDGE,
  domain,
  address,
  port: 5269,
  from: PARTNER,
  reached: "secure-features",
  header: header(domain),
  features: { starttls: "required" },
  tls: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", chain: chain.map(({ der }) => der) },
  secureHeader: header(domain),
  secureFeatures: { dialback: { errors: true } },
  secureDialback: true,
  elapsed: 12,
});

const REACHED = {
  connection: "none",
  header: "connected",
  features: "stream",
  proceed: "features",
  tls: "features",
} as const;

/** A probe that ended before TLS stood. */
function ended(
  code: ProbeProblem["code"],
  awaited: ProbeAwaited,
  more: Partial<ProbeProblem> = {},
  domain = LOCAL,
  address = V4,
): EdgeProbe {
  const problem = { code, awaited, text: "words", ...more };
  return { host: EDGE, domain, address, port: 5269, from: PARTNER, reached: REACHED[awaited], problem, elapsed: 12 };
}

const judge = (probes: readonly EdgeProbe[], of = ONE, ipv6 = true) => [
  ...probeFamily(evidenceOf({ facts: of, probes, authorities: trust, now: NOW.getTime(), survey: { ipv6 } })),
];
const shown = (probes: readonly EdgeProbe[], of = ONE) =>
  judge(probes, of).map(({ id, verdict, domain }) => `${domain} ${id}${verdict === undefined ? "" : ` ${verdict}`}`);

test("a sound edge gives no finding, whatever is looked at", () => {
  expect(judge([soundProbe(), soundProbe(EMEA), soundProbe(LOCAL, V6), soundProbe(EMEA, V6)], BOTH)).toEqual([]);
  expect(judge([])).toEqual([]);
});

describe("each fault before TLS has its id", () => {
  test.each<[string, EdgeProbe]>([
    ["tcp-refused", ended("connect-failed", "connection", { errno: "ECONNREFUSED" })],
    ["tcp-timeout", ended("timeout", "connection")],
    ["tcp-timeout", ended("connect-failed", "connection", { errno: "ETIMEDOUT" })],
    ["tcp-timeout unknown", ended("aborted", "connection")],
    ["tcp-unreachable", ended("connect-failed", "connection", { errno: "EHOSTUNREACH" })],
    ["tcp-unreachable unknown", ended("connect-failed", "connection", { errno: "ENETUNREACH" })],
    ["stream-timeout", ended("timeout", "header")],
    ["stream-timeout", ended("timeout", "features")],
    ["stream-timeout unknown", ended("aborted", "features")],
    ["stream-closed", ended("closed", "header")],
    ["stream-closed", ended("closed", "features")],
    ["stream-not-xmpp", ended("not-xmpp", "header")],
    ["stream-not-xmpp", ended("unexpected", "features")],
    ["stream-version", ended("no-version", "features")],
    ["stream-error", ended("stream-error", "features", { condition: "policy-violation" })],
    ["starttls-missing", ended("no-starttls", "features")],
    ["starttls-failed", ended("starttls-refused", "proceed")],
    ["starttls-failed", ended("starttls-injection", "proceed")],
    ["starttls-failed", ended("tls-failed", "tls")],
    ["tls-version", ended("tls-version", "tls")],
    ["tls-timeout", ended("timeout", "tls")],
    ["tls-timeout unknown", ended("aborted", "tls")],
  ])("%s", (expected, probe) => {
    expect(shown([probe])).toEqual([`${EDGE} ${expected}`]);
  });

  test("a stream error that is about the domain is the domain's", () => {
    const probe = ended("stream-error", "features", { condition: "host-unknown" });
    expect(shown([probe])).toEqual([`${LOCAL} stream-error`]);
  });

  test("a server that says it is another", () => {
    const other = { ...soundProbe(), header: header("other.example") };
    expect(judge([other])).toMatchObject([
      { id: "stream-from", domain: LOCAL, found: "the server says that it is other.example" },
    ]);
    const { from: _, ...nameless } = header(LOCAL);
    expect(shown([{ ...soundProbe(), secureHeader: nameless }])).toEqual([`${LOCAL} stream-from`]);
    expect(judge([{ ...soundProbe(), header: header("CONTOSO.example") }])).toEqual([]);
  });
});

describe("what the row of the asking partner says", () => {
  test("makes TLS a demand, or none", () => {
    const optional = { ...soundProbe(), features: { starttls: "optional" as const } };
    expect(shown([optional])).toEqual([`${EDGE} starttls-optional`]);
    expect(judge([optional], factsOf([LOCAL], { tlsNegotiation: "Optional" }))).toEqual([]);
  });

  test("lets STARTTLS be missing where it does without TLS", () => {
    expect(judge([ended("no-starttls", "features")], factsOf([LOCAL], { tlsNegotiation: "NotSupported" }))).toEqual([]);
  });

  test("says what has to be offered inside TLS", () => {
    const bare = { ...soundProbe(), secureFeatures: {}, secureDialback: false };
    expect(shown([bare])).toEqual([`${EDGE} auth-none`]);
    const external = { ...bare, secureFeatures: { mechanisms: ["EXTERNAL"] } };
    expect(judge([external])).toEqual([]);
  });

  const SASL_ALONE = { saslNegotiation: "Required", supportDialbackNegotiation: false };
  test("hides whether EXTERNAL would be offered from whom shows no certificate", () => {
    const bare = { ...soundProbe(), secureFeatures: {}, secureDialback: false };
    expect(judge([bare], factsOf([LOCAL], SASL_ALONE))).toEqual([]);
    expect(shown([{ ...bare, certified: true }], factsOf([LOCAL], SASL_ALONE))).toEqual([`${EDGE} auth-none`]);
  });

  test.each(["stream-error", "closed"] as const)("explains a refusal (%s) of whom shows no certificate", (code) => {
    const refused: EdgeProbe = {
      ...soundProbe(),
      reached: "secure-stream",
      problem: { code, awaited: "features", text: "certificate refused", condition: "not-authorized" },
    };
    const { secureFeatures: _, ...probe } = refused;
    expect(judge([probe], factsOf([LOCAL], SASL_ALONE))).toEqual([]);
    expect(shown([{ ...probe, certified: true }], factsOf([LOCAL], SASL_ALONE))).toEqual([
      `${EDGE} ${code === "closed" ? "stream-closed" : "stream-error"}`,
    ]);
    expect(shown([probe])).toHaveLength(1);
    const { from: __, ...nobody } = probe;
    expect(judge([nobody])).toEqual([]);
  });
});

describe("each fault of the certificate has its id", () => {
  const chainOf = async (options: Partial<IssueOptions>, others: readonly Issued[] = [issuing]) => [
    await leaf(options),
    ...others,
  ];
  const cases: [string, () => Promise<Issued[]>][] = [
    ["cert-chain", () => chainOf({}, [])],
    [
      "cert-untrusted",
      async () => {
        const other = await issue({ subject: "CN=Other root", ca: true });
        return [await leaf({ issuer: other }), other];
      },
    ],
    ["cert-untrusted", async () => [await issue({ subject: "CN=localhost", names: ["localhost"] })]],
    ["cert-expired", () => chainOf({ from: -90, to: -1 })],
    ["cert-not-yet-valid", () => chainOf({ from: 1, to: 90 })],
    ["cert-expiring", () => chainOf({ from: -70, to: 20 })],
    ["cert-weak", () => chainOf({ keys: rsa(1024) })],
    ["cert-weak", () => chainOf({ hash: "SHA-1" })],
    ["cert-purpose", () => chainOf({ purposes: [CLIENT_AUTH] })],
    ["cert-purpose", () => chainOf({ purposes: ["1.3.6.1.5.5.7.3.4"] })],
    [
      "cert-chain",
      async () => {
        const noCa = await issue({ subject: "CN=No CA", issuer: root, ca: false });
        return [await leaf({ issuer: noCa }), noCa];
      },
    ],
    [
      "cert-expired",
      async () => {
        const old = await issue({ subject: "CN=Old", issuer: root, ca: true, from: -90, to: -1 });
        return [await leaf({ issuer: old }), old];
      },
    ],
  ];
  test.each(cases)("%s", async (id, chain) => {
    expect(shown([soundProbe(LOCAL, V4, await chain())])).toEqual([`${EDGE} ${id}`]);
  });

  test("sound look-alikes pass: no extKeyUsage, both uses, the root sent along, others in the chain, last days just not begun", async () => {
    const twoUses = await leaf({ purposes: [SERVER_AUTH, CLIENT_AUTH] });
    const { purposes: _, ...plain } = { purposes: undefined };
    const open = await issue({ subject: "CN=edge", issuer: issuing, names: [LOCAL], to: 90, ...plain });
    const fresh = await leaf({ from: -69, to: 21.01 });
    const short = await leaf({ from: -3, to: 3 });
    for (const chain of [
      [twoUses, issuing],
      [open, issuing],
      [sound, issuing, root],
      [sound, root, issuing],
      [fresh, issuing],
      [short, issuing],
    ])
      expect(judge([soundProbe(LOCAL, V4, chain)])).toEqual([]);
  });

  test("of an expired one the missing intermediate is told as well", async () => {
    expect(shown([soundProbe(LOCAL, V4, await chainOf({ from: -90, to: -1 }, []))]).sort()).toEqual([
      `${EDGE} cert-chain`,
      `${EDGE} cert-expired`,
    ]);
  });

  test("nothing that can be read", () => {
    const probe = soundProbe();
    const tls = { ...probe.tls!, chain: [Buffer.from("no certificate")] };
    expect(shown([{ ...probe, tls }])).toEqual([`${EDGE} cert-chain`]);
    expect(shown([{ ...probe, tls: { ...tls, chain: [] } }])).toEqual([`${EDGE} cert-chain`]);
  });
});

describe("the name", () => {
  test("of one domain that is missing is that domain's fault", async () => {
    const chain = [await leaf({ names: [EDGE, LOCAL] }), issuing];
    expect(judge([soundProbe(LOCAL, V4, chain), soundProbe(EMEA, V4, chain)], BOTH)).toMatchObject([
      {
        id: "cert-name",
        domain: EMEA,
        found: `the certificate names ${EDGE}, ${LOCAL}`,
        expected: `a dNSName for ${EMEA}`,
      },
    ]);
  });

  test("of all missing is one fault of the edge", async () => {
    const chain = [await leaf({ names: [EDGE] }), issuing];
    expect(judge([soundProbe(LOCAL, V4, chain), soundProbe(EMEA, V4, chain)], BOTH)).toMatchObject([
      { id: "cert-name", domain: EDGE, touches: [LOCAL, EMEA] },
    ]);
    expect(shown([soundProbe(LOCAL, V4, chain)])).toEqual([`${LOCAL} cert-name`]);
  });

  test("by a wildcard alone is a warning", async () => {
    const of = factsOf(["im.contoso.example"]);
    const chain = [await leaf({ names: ["*.contoso.example"] }), issuing];
    expect(shown([soundProbe("im.contoso.example", V4, chain)], of)).toEqual(["im.contoso.example cert-name warn"]);
    const both = [await leaf({ names: ["*.contoso.example", "im.contoso.example"] }), issuing];
    expect(judge([soundProbe("im.contoso.example", V4, both)], of)).toEqual([]);
  });

  test.each([
    ["SRV-ID", "1.3.6.1.5.5.7.8.7", 0x16, "_xmpp-server.contoso.example"],
    ["XMPP address", "1.3.6.1.5.5.7.8.5", 0x0c, "contoso.example"],
  ])("may be an %s", async (_, oid, tag, text) => {
    const chain = [await leaf({ extensions: [otherName(oid, tag, text)], names: [] }), issuing];
    expect(judge([soundProbe(LOCAL, V4, chain)])).toEqual([]);
    expect(shown([soundProbe(EMEA, V4, chain)], factsOf([EMEA]))).toEqual([`${EMEA} cert-name`]);
  });
});

/** subjectAltName with an otherName beside the edge's dNSName. */
function otherName(oid: string, tag: number, text: string): InstanceType<typeof Extension> {
  const tlv = (type: number, ...parts: Buffer[]) => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([type, content.length]), content]);
  };
  const arcs = oid.split(".").map(Number);
  const id = tlv(0x06, Buffer.from([arcs[0]! * 40 + arcs[1]!, ...arcs.slice(2)]));
  const value = tlv(0xa0, tlv(tag, Buffer.from(text)));
  return new Extension(SUBJECT_ALT_NAME, false, tlv(0x30, tlv(0x82, Buffer.from(EDGE)), tlv(0xa0, id, value)));
}

describe("one cause gives one finding", () => {
  const dead = (domain: string, address = V4) =>
    ended("connect-failed", "connection", { errno: "ECONNREFUSED" }, domain, address);

  test("a dead address is told once for all domains, and touches them", () => {
    expect(judge([dead(LOCAL), dead(EMEA)], BOTH)).toMatchObject([
      { id: "tcp-refused", domain: EDGE, touches: [LOCAL, EMEA], server: `${V4}:5269` },
    ]);
  });

  test("two dead addresses are one finding that names both", () => {
    expect(judge([dead(LOCAL), dead(LOCAL, "198.51.100.8")])).toMatchObject([
      { id: "tcp-refused", server: `${V4}:5269, 198.51.100.8:5269` },
    ]);
  });

  test("a dead IPv6 address beside a living IPv4 one has a name of its own; without one it has not", () => {
    expect(judge([soundProbe(), dead(LOCAL, V6)])).toMatchObject([
      {
        id: "address-ipv6-dead",
        domain: EDGE,
        server: `[${V6}]:5269`,
        found: "the connection is refused, while IPv4 answers",
        remedy: expect.stringContaining("or take the AAAA record and the declared address away"),
      },
    ]);
    expect(shown([dead(LOCAL, V6)])).toEqual([`${EDGE} tcp-refused`]);
    expect(shown([soundProbe(LOCAL, V6), dead(LOCAL)])).toEqual([`${EDGE} tcp-refused`]);
  });

  test("of IPv6 nothing is said where this machine has none, and not-known where the run was over", () => {
    const without = ended("connect-failed", "connection", { errno: "ENETUNREACH" }, LOCAL, V6);
    expect(judge([soundProbe(), without])).toEqual([]);
    expect(judge([soundProbe(), dead(LOCAL, V6)], ONE, false)).toEqual([]);
    const late = ended("aborted", "connection", {}, LOCAL, V6);
    expect(judge([soundProbe(), late])).toMatchObject([{ id: "tcp-timeout", verdict: "unknown" }]);
  });

  test("what one domain alone meets is that domain's", () => {
    expect(shown([soundProbe(LOCAL), ended("timeout", "features", {}, EMEA)], BOTH)).toEqual([
      `${EMEA} stream-timeout`,
    ]);
  });

  test("different certificates in a pool: one warning, and none where one of them is bad anyhow", async () => {
    const second = [await leaf(), issuing];
    const pool = [soundProbe(LOCAL), soundProbe(LOCAL, "198.51.100.8", second)];
    expect(judge(pool)).toMatchObject([{ id: "cert-differs", domain: EDGE }]);
    const old = [await leaf({ from: -90, to: -1 }), issuing];
    expect(judge([soundProbe(LOCAL), soundProbe(LOCAL, "198.51.100.8", old)])).toMatchObject([
      { id: "cert-expired", server: "198.51.100.8:5269" },
    ]);
  });
});

test("a thousand domains with hostile words are told of within bounds", async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `d${i}.example`);
  const chain = [
    await leaf({ names: Array.from({ length: 400 }, (_, i) => `${"x".repeat(50)}${i}.evil.example`) }),
    issuing,
  ];
  const found = judge(
    names.map((name) => soundProbe(name, V4, chain)),
    factsOf(names),
  );
  expect(found).toMatchObject([
    { id: "cert-name", domain: EDGE, expected: "a dNSName for the 1000 local domains that lead there" },
  ]);
  expect(found[0]!.found.length).toBeLessThan(1000);
});
