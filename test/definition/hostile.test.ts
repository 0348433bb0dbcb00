import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import { defineEdge, facts, formatPath, parseDefinition } from "../../src/definition";
import { found, least, valid } from "./sample";

const NAMES = [
  "contoso.example",
  "fabrikam.example",
  "Bücher.example",
  "bad_name",
  "",
  "constructor",
  "__proto__",
  "1.2.3.4",
];

/** A value that looks like a definition here and there. */
const almost = fc.record(
  {
    name: fc.oneof(fc.constant("contoso"), fc.jsonValue()),
    accessEdge: fc.oneof(
      fc.record({ fqdn: fc.constantFrom(...NAMES), addresses: fc.array(fc.ipV4()), port: fc.integer() }),
      fc.jsonValue(),
    ),
    domains: fc.oneof(fc.array(fc.record({ name: fc.constantFrom(...NAMES) }), { maxLength: 4 }), fc.jsonValue()),
    partners: fc.oneof(
      fc.array(
        fc.oneof(
          fc.record(
            {
              domain: fc.constantFrom(...NAMES),
              tlsNegotiation: fc.constantFrom("Required", "Optional", "NotSupported", "Never"),
              saslNegotiation: fc.constantFrom("Required", "Optional", "NotSupported", 5),
              supportDialbackNegotiation: fc.boolean(),
              localDomains: fc.array(fc.constantFrom(...NAMES)),
              pins: fc.array(fc.string()),
            },
            { requiredKeys: [] },
          ),
          fc.jsonValue(),
        ),
        { maxLength: 6 },
      ),
      fc.jsonValue(),
    ),
    accessPolicies: fc.oneof(
      fc.record({ named: fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue()) }),
      fc.jsonValue(),
    ),
    certificate: fc.jsonValue(),
    dns: fc.oneof(
      fc.record({ kind: fc.constantFrom("route53", "rfc2136", "zone") }, { requiredKeys: [] }),
      fc.jsonValue(),
    ),
    users: fc.array(fc.oneof(fc.record({ address: fc.emailAddress() }), fc.jsonValue()), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe("whatever is given", () => {
  it("is judged, never thrown at (any JSON value)", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), almost, fc.object()), (value) => {
        const { definition, findings } = parseDefinition(value);
        expect(definition === undefined).toBe(findings.some(({ severity }) => severity === "error"));
        for (const finding of findings) formatPath(finding.path);
      }),
      { numRuns: 300 },
    );
  });

  it("is not changed by reading it", () => {
    fc.assert(
      fc.property(almost, (value) => {
        const before = JSON.stringify(value);
        parseDefinition(value);
        expect(JSON.stringify(value)).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it("if it is valid, defines itself and has facts", () => {
    fc.assert(
      fc.property(almost, (value) => {
        const { definition } = parseDefinition(value);
        if (definition === undefined) return;
        const again = defineEdge(definition);
        expect(again).toEqual(definition);
        expect(facts(again)).toEqual(facts(definition));
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, unknown]>([
    ["functions", { ...least, partners: [() => 1] }],
    ["symbols", { ...least, name: Symbol("x") }],
    ["bigints", { ...least, gateway: { connectionLimit: 5n } }],
    ["dates", { ...least, domains: new Date(0) }],
    ["maps", { ...least, accessPolicies: { named: new Map() } }],
    ["NaN", { ...least, gateway: { connectionLimit: Number.NaN } }],
    ["infinity", { ...least, gateway: { connectionLimit: Number.POSITIVE_INFINITY } }],
    ["sparse lists", { ...least, domains: new Array(3) }],
    [
      "lists that are too long",
      { ...least, domains: Array.from({ length: 1001 }, (_, index) => ({ name: `d${index}.example` })) },
    ],
  ])("%s are refused", (_, value) => {
    expect(parseDefinition(value).findings.some(({ severity }) => severity === "error")).toBe(true);
  });
});

describe("names that mean something to JavaScript", () => {
  it("are unknown keys like any other", () => {
    const hostile = JSON.parse(
      '{ "__proto__": { "name": "x" }, "constructor": {}, "toString": 1, "hasOwnProperty": 1 }',
    );
    expect(found({ ...JSON.parse(JSON.stringify(least)), ...hostile })).toEqual(
      expect.arrayContaining([
        "error key-unknown constructor",
        "error key-unknown toString",
        "error key-unknown hasOwnProperty",
      ]),
    );
    expect(found(hostile)).toContain("error key-unknown __proto__");
    expect(({} as { name?: unknown }).name).toBeUndefined();
  });

  it("give a partner or policy no power that it was not given", () => {
    const definition = valid({
      ...least,
      accessPolicies: { named: { constructor: { enableFederationAccess: true } } },
      users: [{ address: "bob@contoso.example", policy: "constructor" }],
    });
    expect(facts(definition).gateway.access).toMatchObject({
      everyone: { allowed: false },
      users: [{ allowed: false, because: "user policy constructor: XMPP is off" }],
    });
  });
});

describe("size and depth", () => {
  it("nesting without end is one finding", () => {
    const cyclic: Record<string, unknown> = { ...least };
    cyclic.partners = [cyclic];
    expect(found(cyclic)).toEqual([expect.stringMatching(/^error nesting-deep /)]);
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(found({ ...least, deep })).toEqual([expect.stringMatching(/^error nesting-deep deep\[0\]/)]);
  });

  it("shared parts do not multiply", () => {
    let shared: unknown = [1];
    for (let level = 0; level < 28; level++) shared = [shared, shared, shared, shared];
    expect(found({ ...least, shared })).toContain("error key-unknown shared");
  });

  it("2,000 wrong partners give 2,000 errors", () => {
    const partners = Array.from({ length: 2000 }, (_, index) => ({
      domain: `p${index}.example`,
      tlsNegotation: "x",
    }));
    const errors = parseDefinition({ ...least, partners }).findings.filter(({ severity }) => severity === "error");
    expect(errors).toHaveLength(2000);
  });
});
