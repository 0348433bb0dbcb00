import { describe, expect, it, test } from "@jest/globals";
import {
  bestCommonMethod,
  explainPartner,
  negotiationRow,
  negotiationTable,
  parseDefinition,
  startTlsOffer,
} from "../../src/definition";
import { LYNC_TABLE, partnerOf, type TableRow } from "./lync-table";
import { found, least, valid, withPartners } from "./sample";

const title = "row $row: TLS $tls, SASL $sasl, dialback $dialback";
const isValid = (row: TableRow) => row.kind !== "error";

describe("the 18 rows of Lync's table", () => {
  it("come in the table's order", () => {
    expect(negotiationTable().map(({ row }) => row)).toEqual(LYNC_TABLE.map(({ row }) => row));
  });

  test.each(LYNC_TABLE)(`${title}: methods, validity and words`, (expected) => {
    const row = negotiationRow(expected);
    expect(row).toMatchObject({
      row: expected.row,
      methods: expected.methods,
      valid: isValid(expected),
      controlPanelRefuses: expected.controlPanelRefuses ?? false,
    });
    expect(row.text).toBe(expected.text);
    expect(row.textKind).toBe(expected.kind === "error" ? "warning" : expected.kind);
  });

  test.each(LYNC_TABLE.filter(({ kind }) => kind === "error"))(
    `${title}: is an error with the table's words`,
    (row) => {
      for (const allowSaslWithoutTls of [false, true]) {
        const { definition, findings } = parseDefinition(withPartners({ ...partnerOf(row), allowSaslWithoutTls }));
        expect(definition).toBeUndefined();
        const errors = findings.filter(({ severity }) => severity === "error");
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatchObject({ id: "negotiation-invalid", path: ["partners", 0] });
        expect(errors[0]?.rule).toContain(row.text);
      }
    },
  );

  test.each(LYNC_TABLE.filter((row) => isValid(row) && row.controlPanelRefuses))(
    `${title}: is refused as the Control Panel does, unless allowed by name`,
    (row) => {
      expect(found(withPartners(partnerOf(row)))).toContain("error negotiation-sasl-without-tls partners[0]");
      const allowed = parseDefinition(withPartners({ ...partnerOf(row), allowSaslWithoutTls: true }));
      expect(allowed.definition).toBeDefined();
      expect(allowed.findings).toContainEqual(
        expect.objectContaining({ severity: "warning", id: "negotiation-sasl-uncertain" }),
      );
    },
  );

  test.each(LYNC_TABLE.filter((row) => isValid(row) && !row.controlPanelRefuses))(`${title}: is accepted`, (row) => {
    const { definition, findings } = parseDefinition(withPartners(partnerOf(row)));
    expect(definition).toBeDefined();
    const said = findings
      .filter(({ id }) => id.startsWith("negotiation-"))
      .map(({ severity, id }) => `${severity} ${id}`);
    const expected = {
      1: ["info negotiation-dialback-inert"],
      3: ["warning negotiation-sasl-uncertain"],
      4: ["warning negotiation-sasl-uncertain"],
      9: ["warning negotiation-sasl-uncertain"],
      10: ["warning negotiation-sasl-uncertain"],
      17: ["warning negotiation-plain"],
    }[row.row];
    expect(said).toEqual(expected ?? []);
  });
});

describe("STARTTLS as announced", () => {
  test.each([
    [1, "required"],
    [3, "optional"],
    [4, "required"],
    [5, "absent"],
    [7, "required"],
    [9, "optional"],
    [10, "required"],
    [13, "required"],
    [15, "optional"],
    [17, "absent"],
  ] as const)("row %i: %s", (number, offer) => {
    const row = negotiationTable()[number - 1];
    expect(row && startTlsOffer(row)).toBe(offer);
  });
});

describe("the best common method", () => {
  test.each([
    [1, 1, "sasl-over-tls"],
    [7, 13, "tls-dialback"],
    [9, 17, "tcp-dialback"],
    [3, 9, "sasl-over-tls"],
    [1, 13, undefined],
    [2, 17, undefined],
    [13, 17, undefined],
  ] as const)("of row %i with row %i is %s", (ours, theirs, method) => {
    const [a, b] = [negotiationTable()[ours - 1], negotiationTable()[theirs - 1]];
    expect(bestCommonMethod(a?.methods ?? [], b?.methods ?? [])).toBe(method);
  });
});

describe("explaining a partner", () => {
  const definition = valid({
    ...least,
    domains: [{ name: "contoso.example" }, { name: "other.example" }],
    partners: [
      {
        domain: "fabrikam.example",
        additionalDomains: ["bücher.example"],
        partnerType: "PublicUnverified",
        tlsNegotiation: "Optional",
        localDomains: ["contoso.example"],
        proxyFqdn: "proxy.fabrikam.example",
        blockedUsers: ["Eve@fabrikam.example", "eve@bücher.example"],
      },
    ],
  });

  it("tells methods, preference, rights and reasons", () => {
    const explained = explainPartner(definition, "fabrikam.example");
    expect(explained).toMatchObject({
      partner: "fabrikam.example",
      preferred: "sasl-over-tls",
      inbound: { starttls: "optional", methods: ["sasl-over-tls", "tls-dialback", "tcp-dialback"] },
      outbound: { connectTo: "proxy.fabrikam.example" },
      localDomains: ["contoso.example"],
    });
    expect(explained?.mayDo.join()).toContain("only after that user added them");
    expect(explained?.reasons.join()).toContain("never falls back");
  });

  it("finds additional domains, in whatever form they are written", () => {
    for (const written of ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.example"])
      expect(explainPartner(definition, written)).toMatchObject({
        domain: "xn--bcher-kva.example",
        partner: "fabrikam.example",
      });
  });

  it("names those of that domain who are blocked", () => {
    expect(explainPartner(definition, "fabrikam.example")?.blockedUsers).toEqual(["eve@fabrikam.example"]);
    expect(explainPartner(definition, "bücher.example")?.blockedUsers).toEqual(["eve@xn--bcher-kva.example"]);
  });

  test.each<["off" | "soft" | "hard" | undefined, RegExp | undefined]>([
    [undefined, undefined],
    ["off", undefined],
    ["soft", /passes with a warning/],
    ["hard", /so is one of which nothing is known/],
  ])("tells what becomes of revoked certificates: %s", (revocation, words) => {
    const { definition } = parseDefinition({
      name: "contoso",
      accessEdge: { fqdn: "sip.contoso.example" },
      domains: [{ name: "contoso.example" }],
      partners: [{ domain: "fabrikam.example", ...(revocation === undefined ? {} : { revocation }) }],
    });
    const told = explainPartner(definition!, "fabrikam.example")!.reasons.filter((text) => text.includes("revoked"));
    expect(told).toEqual(words === undefined ? [] : [expect.stringMatching(words)]);
  });

  it("tells what proves a certificate where that is no anchor", () => {
    const told = (proofType: "dane" | "pkix" | "posh") => {
      const { definition } = parseDefinition({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example" },
        domains: [{ name: "contoso.example" }],
        partners: [{ domain: "fabrikam.example", proofType }],
      });
      return explainPartner(definition!, "fabrikam.example")!.reasons.filter((text) => text.includes("proved by"));
    };
    expect(told("pkix")).toEqual([]);
    expect(told("dane")).toEqual([expect.stringMatching(/proved by its TLSA records, in zones that DNSSEC proves/)]);
    expect(told("posh")).toEqual([expect.stringMatching(/proved by its POSH document, fetched over HTTPS/)]);
  });

  it("knows nothing of unlisted domains", () => {
    for (const domain of ["stranger.example", "contoso.example", "", "sub.fabrikam.example", "__proto__"])
      expect(explainPartner(definition, domain)).toBeUndefined();
  });
});
