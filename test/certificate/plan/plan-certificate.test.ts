import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { planCertificate } from "../../../src/certificate/plan/plan-certificate";
import { type CertificateStore, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { type Definition, type EdgeInput, parseDefinition } from "../../../src/definition";
import { type IssueOptions, inDays, NOW, rsa } from "../authority";
import { pairOf } from "../store/pair";

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "plan-test-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NAMES = ["sip.contoso.example", "contoso.example"];
function definitionOf(change: Partial<EdgeInput> = {}): Definition {
  const { definition, findings } = parseDefinition({
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example" },
    domains: [{ name: "contoso.example" }],
    certificate: { key: { type: "ECDSA", bits: 256 } },
    ...change,
  });
  if (definition === undefined) throw new Error(JSON.stringify(findings));
  return definition;
}
let count = 0;
async function storeWith(options: Partial<IssueOptions> = {}): Promise<CertificateStore> {
  const store = openCertificateStore(join(base, `store-${++count}`));
  const { certificatePem, keyPem } = await pairOf({ names: NAMES, ...options });
  store.assign(store.addCertificate({ certificatePem, keyPem, source: "request" }).id);
  return store;
}
const codes = (store: CertificateStore | undefined, definition = definitionOf(), now = NOW) =>
  planCertificate(definition, store, now).problems.map(({ severity, code }) => `${severity} ${code}`);

describe("the plan of a certificate", () => {
  it("says what it will hold, each name with its reason", () => {
    const plan = planCertificate(
      definitionOf({ domains: [{ name: "contoso.example", sip: true }], certificate: { organization: "Contoso" } }),
      undefined,
      NOW,
    );
    expect(plan.subject).toEqual({ commonName: "sip.contoso.example", organization: "Contoso" });
    expect(plan.names).toEqual([
      { name: "sip.contoso.example", reason: "Access Edge FQDN, the subject" },
      { name: "contoso.example", reason: "local XMPP domain" },
    ]);
    expect(plan).toMatchObject({ key: { type: "RSA", bits: 2048 }, exportableKey: false, source: { kind: "request" } });
  });

  it.each<[string, Partial<IssueOptions>, Date, readonly string[]]>([
    ["nothing", {}, NOW, []],
    ["the end of its life", { from: -50, to: 10 }, NOW, ["warning due"]],
    ["its end", {}, inDays(51), ["error expired"]],
    ["a clock that is behind", {}, inDays(-11), ["error not-valid-yet"]],
    ["a missing name", { names: ["contoso.example"] }, NOW, ["error names-missing"]],
    ["a wildcard in place of a name", { names: ["contoso.example", "*.contoso.example"] }, NOW, ["note names-extra"]],
    ["another key", { keys: rsa(2048) }, NOW, ["note key-differs"]],
  ])("finds about the present one: %s", async (_, options, now, expected) => {
    expect(codes(await storeWith(options), definitionOf(), now)).toEqual(expected);
  });

  it("finds that it came from elsewhere", async () => {
    const acme = definitionOf({ certificate: { key: { type: "ECDSA" }, source: { kind: "acme" } } });
    expect(codes(await storeWith(), acme)).toEqual(["note source-differs"]);
  });

  it("says when the next one is due, at two thirds of the life", async () => {
    const plan = planCertificate(definitionOf(), await storeWith({ from: 0, to: 90 }), NOW);
    expect([plan.dueAt, plan.next]).toEqual([inDays(60).toISOString(), undefined]);
  });

  it("says what to do, by the source and by what is open", async () => {
    expect(planCertificate(definitionOf(), undefined, NOW).next).toContain("certificate request");
    const store = openCertificateStore(join(base, "open"));
    const { keyPem } = await pairOf();
    const about = { commonName: NAMES[0]!, names: NAMES, keyType: "ECDSA", bits: 256, spkiSha256: "0" } as const;
    store.addRequest({ csrPem: "", keyPem, ...about });
    const plan = planCertificate(definitionOf(), store, NOW);
    expect([plan.next, plan.openRequests.length]).toEqual([expect.stringContaining("certificate import"), 1]);
  });

  it("says what ACM costs, and what it refuses", () => {
    const plan = planCertificate(
      definitionOf({ certificate: { source: { kind: "acm" }, additionalNames: ["*.contoso.example"] } }),
      undefined,
      NOW,
    );
    expect(plan.source.cost).toContain("about 179 USD"); // two names and a wildcard
    expect(plan.source.refuses.join()).toContain("friendly name");
  });

  it("says of 1,000 domains that these are too many", async () => {
    const domains = Array.from({ length: 1000 }, (_, index) => ({ name: `d${index}.example` }));
    const definition = definitionOf({ domains });
    const store = await storeWith();
    const plan = planCertificate(definition, store, NOW);
    expect(plan.names).toHaveLength(1001);
    expect(plan.problems.map(({ code }) => code)).toEqual(["names-too-many", "names-missing", "names-extra"]);
    expect(plan.problems[0]?.found).toContain("1001 names need 3 certificates");
    expect(plan.problems[1]?.found).toContain("d9.example and 990 more");
    expect(plan.next).not.toContain("certificate request"); // which would refuse it
  });

  it("for as many names as one certificate has names the command that makes it", () => {
    const domains = Array.from({ length: 499 }, (_, index) => ({ name: `d${index}.example` }));
    const plan = planCertificate(definitionOf({ domains }), undefined, NOW);
    expect(plan.problems.map(({ code }) => code)).toEqual(["none-live"]);
    expect(plan.next).toBe("xmpp-edge certificate request <definition>");
  });
});
