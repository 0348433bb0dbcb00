import { describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { METHOD_NAMES, type Method, negotiationTable } from "../../../src/definition/negotiation";
import { reviewStream } from "../../../src/gateway/live/stream-review";
import { LOCAL, partner, partnerOfRow, REMOTE } from "../documents";

const PAIR = { local: LOCAL, remote: REMOTE };
const METHODS = Object.keys(METHOD_NAMES) as Method[];
const good = () => ({ ok: true }) as const;
const bad = () => ({ ok: false, reason: "pin: it has another key" }) as const;

function review(
  method: Method,
  partners: readonly DocumentPartner[],
  certificate: (row: DocumentPartner) => ReturnType<typeof good> | ReturnType<typeof bad> = good,
  localDomains: readonly string[] = [LOCAL],
) {
  return reviewStream(PAIR, method, partnerPolicy({ localDomains, partners }), certificate);
}

describe("an authenticated stream under another policy", () => {
  const rows = negotiationTable().filter(({ valid }) => valid);

  test.each(
    rows.flatMap(({ row, methods }) => METHODS.map((method) => ({ row, method, stands: methods.includes(method) }))),
  )("row $row, authenticated by $method: stands $stands", ({ row, method, stands }) => {
    const found = review(method, [partnerOfRow(row)]);
    if (stands) expect(found).toBeUndefined();
    else
      expect(found?.error).toEqual({
        condition: "policy-violation",
        text: `${METHOD_NAMES[method]} is no longer allowed with this partner`,
      });
  });

  test("the certificate counts where it proved who the peer is, and only there", () => {
    const optional = partnerOfRow(7);
    expect(optional.methods).toContain("tls-dialback");
    expect(review("sasl-over-tls", [optional], bad)).toEqual({
      error: { condition: "policy-violation", text: "the certificate is no longer accepted for this partner" },
      reason: "pin: it has another key",
    });
    expect(review("tls-dialback", [optional], bad)).toBeUndefined();
  });

  test.each<[string, Partial<DocumentPartner>]>([
    ["another type", { partnerType: "PublicUnverified" }],
    ["a lower limit", { connectionLimit: 1 }],
    ["another proxy", { proxyFqdn: "proxy.fabrikam.example" }],
    ["no keep-alive", { keepAlive: false }],
    ["no private targets", { allowedTargets: [] }],
  ])("%s takes nothing away from it", (_name, change) => {
    expect(review("sasl-over-tls", [partner(change)])).toBeUndefined();
  });

  test("a pair that may federate no more", () => {
    const gone = { condition: "policy-violation", text: `${REMOTE} is no allowed partner of ${LOCAL} any more` };
    expect(review("sasl-over-tls", [])?.error).toEqual(gone);
    expect(
      review("sasl-over-tls", [partner({ localDomains: ["other.example"] })], good, [LOCAL, "other.example"])?.error,
    ).toEqual(gone);
  });

  test("a domain of ours that is served no more is told as such (RFC 6120 section 4.9.3.6)", () => {
    expect(review("sasl-over-tls", [partner()], good, ["other.example"])?.error.condition).toBe("host-gone");
  });
});
