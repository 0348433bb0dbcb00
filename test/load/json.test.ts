import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import { JSON_LEAST, loadingFolder, refusal } from "./loading";

const { load, placed } = loadingFolder();

describe("JSON", () => {
  test.each([
    ["an empty file", "", undefined, "value expected"],
    ["a comment", '{\n  // x\n  "name": 1}', "2:3", "invalid comment token"],
    ["a trailing comma", '{"a":[1,]}', "1:9", "value expected"],
    ["a missing comma", '{"a":1\n "b":2}', "2:2", "comma expected"],
    ["a second value", "{} {}", "1:4", "end of file expected"],
    ["single quotes", "{'a':1}", "1:2", "invalid symbol"],
    ["an unterminated string", '{"a":"b', "1:6", "unexpected end of string"],
    ["NaN", '{"a":NaN}', "1:6", "invalid symbol"],
    ["a raw control character", '{"a":"\u0001"}', "1:6", "invalid character"],
  ])("with %s is unparsable", async (_, text, place, reason) => {
    const error = await refusal(load("json", text));
    expect(error).toMatchObject({ code: "unparsable" });
    expect(error.message).toBe(`is not JSON: ${reason}`);
    if (place !== undefined) expect(`${error.line}:${error.column}`).toBe(place);
  });

  it("takes a byte order mark and any line ends", async () => {
    for (const text of [`\ufeff${JSON_LEAST}`, JSON_LEAST.replaceAll(",", ",\r\n"), JSON_LEAST.replaceAll(",", ",\r")])
      expect((await load("json", text)).definition).toBeDefined();
  });

  test.each([
    ["LF", "\n"],
    ["CR LF", "\r\n"],
    ["CR", "\r"],
  ])("findings stand where they are, with %s", async (_, end) => {
    const text = [
      "{",
      '  "name": "Contoso",',
      '  "accessEdge": { "fdqn": "x" },',
      '  "domains": [{ "name": "a_b" }, {}],',
      '  "a": 1',
      "}",
    ];
    expect(await placed("json", text.join(end))).toEqual([
      "2:11 value-out-of-range name",
      "3:17 required accessEdge.fqdn",
      "3:19 key-unknown accessEdge.fdqn",
      "4:25 value-invalid domains[0].name",
      "4:34 required domains[1].name",
      "5:3 key-unknown a",
      "1:1 access-policies-absent accessPolicies",
    ]);
  });

  it("is refused where a key stands twice, however it is escaped, beside everything else", async () => {
    const text = `{"name":"x","name":"contoso","accessEdge":{"fqdn":"edge.contoso.example","\\u0066qdn":"b.example"},"domains":[{"name":"a_b","x":{"y":1,"y":{"__proto__":1,"__proto__":2}}}]}`;
    expect((await placed("json", text)).filter((line) => !line.includes("absent"))).toEqual([
      "1:13 key-duplicate name",
      "1:74 key-duplicate accessEdge.fqdn",
      "1:135 key-duplicate domains[0].x.y",
      "1:154 key-duplicate domains[0].x.y.__proto__",
      "1:118 value-invalid domains[0].name",
      "1:124 key-unknown domains[0].x",
    ]);
    expect((await load("json", text)).definition).toBeUndefined();
  });

  it("is not misled by colons, braces and quotes in texts", async () => {
    const description = 'a: {"b": [1, "\\\\"]} \\';
    const partners = [{ domain: "fabrikam.example", description }];
    const { definition, findings } = await load("json", JSON.stringify({ ...JSON.parse(JSON_LEAST), partners }));
    expect(definition?.partners[0]?.description).toBe(description);
    expect(findings.map(({ id }) => id)).not.toContain("key-duplicate");
  });

  it("finds every duplicate and no other, and every place (any value)", async () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom(undefined, 1, "\t"), async (given, indent) => {
        const { findings, positionOf } = await load("json", JSON.stringify(given, null, indent));
        for (const finding of findings) {
          expect(finding.id).not.toBe("key-duplicate");
          const position = positionOf(finding);
          expect(position?.line).toBeGreaterThan(0);
          expect(position?.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("nested without end is refused before anything recurses", async () => {
    for (const text of ["[".repeat(1_000_000), '{"a":'.repeat(200_000)]) {
      const error = await refusal(load("json", text));
      expect(error).toMatchObject({ code: "too-deep", line: 1 });
    }
  });
});
