import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import { formatPath } from "../../src/definition";
import { LoadError, loadDefinition } from "../../src/load";
import { scratchFolder } from "./scratch";

const scratch = scratchFolder();
let files = 0;
const file = (extension: string, content: string | Uint8Array) => scratch.write(`${files++}.${extension}`, content);
const load = (extension: string, content: string | Uint8Array) => loadDefinition(file(extension, content));

async function refusal(loading: Promise<unknown>): Promise<LoadError> {
  const error = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LoadError);
  return error as LoadError;
}

/** Findings with their places, `line:column severity id path`. */
async function placed(extension: string, content: string): Promise<string[]> {
  const { findings, positionOf } = await load(extension, content);
  return findings.map((finding) => {
    const position = positionOf(finding);
    return `${position?.line}:${position?.column} ${finding.id} ${formatPath(finding.path)}`;
  });
}

const JSON_LEAST =
  '{"name":"contoso","accessEdge":{"fqdn":"edge.contoso.example"},"domains":[{"name":"contoso.example"}]}';
const YAML_LEAST = "name: contoso\naccessEdge: {fqdn: edge.contoso.example}\ndomains: [{name: contoso.example}]\n";

describe("a file that cannot be read", () => {
  mkdirSync(join(scratch.path, "folder.json"));
  symlinkSync("loop.json", join(scratch.path, "loop.json"));
  test.each([
    ["missing.json", "unreadable", "does not exist"],
    ["missing/edge.json", "unreadable", "does not exist"],
    ["folder.json", "unreadable", "is not a regular file"],
    ["loop.json", "unreadable", "is a link that leads to itself"],
    [`${"x".repeat(300)}.json`, "unreadable", "is longer than a path can be"],
    ["edge.toml", "format-unknown", "has no extension of a definition"],
    ["edge", "format-unknown", "has no extension of a definition"],
  ])("%s: %s, %s", async (name, code, message) => {
    const error = await refusal(loadDefinition(join(scratch.path, name)));
    expect(error).toMatchObject({ code, message });
    expect(error.remedy).not.toBe("");
  });

  it("is told as such where permission is missing", async () => {
    const secret = file("json", JSON_LEAST);
    chmodSync(secret, 0);
    if (process.getuid?.() === 0) return void expect((await loadDefinition(secret)).definition).toBeDefined(); // root may read all
    expect(await refusal(loadDefinition(secret))).toMatchObject({ code: "unreadable", message: "may not be read" });
  });

  test("beyond its bound in bytes is not read at all", async () => {
    const error = await refusal(load("yaml", Buffer.alloc(16 * 2 ** 20 + 1, 0x20)));
    expect(error).toMatchObject({ code: "too-large" });
    expect(error.message).toContain("16777217 bytes");
  });

  test.each([
    ["json", Buffer.from([0x7b, 0xff, 0x7d])],
    ["yaml", Buffer.from(`\ufeff${YAML_LEAST}`, "utf16le")],
    ["json", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ["ts", Buffer.from("export default 'caf\xe9'", "latin1")],
  ])("%s that is not UTF-8 is refused", async (extension, bytes) => {
    expect(await refusal(load(extension, bytes))).toMatchObject({ code: "not-utf8" });
  });
});

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

describe("YAML", () => {
  test.each([
    ["a tab as indentation", "a:\n\tb: 1", "Tabs are not allowed"],
    ["an unterminated text", 'a: "x\n', "Missing closing"],
    ["an unknown alias", "a: *b", "Unresolved alias"],
    ["more than one document", "a: 1\n---\nb: 2", "holds more than one YAML document"],
    ["a custom tag", "name: !secret x", "Unresolved tag"],
    ["a tag that would make bytes", "name: !!binary aGk=", "Unresolved tag"],
    ["a directive for an older YAML", "%YAML 1.1\n---\nname: x", "is YAML 1.1"],
    ["a list as a key", "? [a, b]\n: c\n", "has a key that is no plain text"],
  ])("with %s is unparsable", async (_, text, reason) => {
    const error = await refusal(load("yaml", text));
    expect(error).toMatchObject({ code: "unparsable" });
    expect(error.message).toContain(reason);
  });

  it("is read as YAML 1.2: no, on and 010 are what they look like", async () => {
    const { findings } = await load(
      "yaml",
      `${YAML_LEAST}gateway: {connectionLimit: 010, enableLoggingAllMessageBodies: no}\n`,
    );
    expect(findings.filter(({ severity }) => severity === "error").map(({ id, value }) => [id, value])).toEqual([
      ["type-wrong", "no"],
    ]);
  });

  it("knows no merge keys", async () => {
    const { findings } = await load("yaml", `${YAML_LEAST}x: &x {ttl: 5}\ndns: {<<: *x}\n`);
    expect(findings.map(({ path }) => formatPath(path))).toContain('dns["<<"]');
  });

  it("takes a byte order mark and CR LF", async () => {
    for (const text of [`\ufeff${YAML_LEAST}`, YAML_LEAST.replaceAll("\n", "\r\n")])
      expect((await load("yml", text)).definition).toBeDefined();
  });

  test.each([
    ["LF", "\n"],
    ["CR LF", "\r\n"],
  ])("findings stand where they are, with %s", async (_, end) => {
    const text = [
      "name: Contoso",
      "accessEdge:",
      "  fdqn: x",
      "domains:",
      "  - &one",
      "    name: a_b",
      "  - {}",
      "partners:",
      "  - *one",
      "a: 1",
      "name: contoso",
    ];
    expect((await placed("yaml", text.join(end))).filter((line) => !line.includes("absent"))).toEqual([
      "11:1 key-duplicate name",
      "3:3 required accessEdge.fqdn",
      "3:3 key-unknown accessEdge.fdqn",
      "6:11 value-invalid domains[0].name",
      "7:5 required domains[1].name",
      "9:5 required partners[0].domain",
      "6:5 key-unknown partners[0].name",
      "10:1 key-unknown a",
    ]);
  });

  test("aliases that multiply are refused", async () => {
    const levels = [..."abcdefghi"];
    const bomb = levels.map(
      (name, at) =>
        `${name}: &${name} [${
          at === 0
            ? "1"
            : Array(9)
                .fill(`*${levels[at - 1]}`)
                .join(", ")
        }]`,
    );
    expect((await refusal(load("yaml", bomb.join("\n")))).message).toContain("Excessive alias count");
  });

  test("an alias of itself is refused", async () => {
    const { findings } = await load("yaml", `${YAML_LEAST}partners: &a [*a]\n`);
    expect(findings.map(({ id }) => id)).toEqual(["nesting-deep"]);
  });

  test("one value for many partners is no bomb", async () => {
    const partners = Array.from({ length: 500 }, (_, index) => `  - {domain: p${index}.example, partnerType: *type}`);
    const text = `${YAML_LEAST}partners:\n  - {domain: first.example, partnerType: &type Federated}\n${partners.join("\n")}\n`;
    expect((await load("yaml", text)).definition?.partners).toHaveLength(501);
  });

  test.each([
    ["flow lists", "[".repeat(1_000_000)],
    ["flow objects", "{a: ".repeat(100_000)],
    ["compact lists", "- ".repeat(100_000)],
    ["indented objects", Array.from({ length: 3000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["explicit keys", "? ".repeat(100_000)],
  ])("%s nested without end are refused before anything recurses", async (_, text) => {
    expect(await refusal(load("yaml", text))).toMatchObject({ code: "too-deep" });
  });
});

describe("TypeScript", () => {
  const DEFINE = 'import { defineEdge } from "xmpp-edge";\n';

  it("is our own package's, wherever the file lies", async () => {
    const { definition, findings, positionOf } = await load("ts", `${DEFINE}export default defineEdge(${JSON_LEAST});`);
    expect(definition?.name).toBe("contoso");
    expect(findings.map(positionOf)).toEqual(findings.map(() => undefined));
  });

  it("may be an object, CommonJS, or import its own files", async () => {
    scratch.write("partners.ts", 'export const partners: { domain: string }[] = [{ domain: "fabrikam.example" }];');
    for (const [extension, text] of [
      ["mts", `export default ${JSON_LEAST};`],
      ["cts", `export = ${JSON_LEAST};`],
      ["js", `module.exports = ${JSON_LEAST};`],
      ["ts", `import { partners } from "./partners";\nexport default { ...${JSON_LEAST}, partners };`],
    ] as const)
      expect((await load(extension, text)).definition?.name).toBe("contoso");
  });

  it("says what is wrong with what defineEdge refuses, all of it", async () => {
    const { definition, findings } = await load(
      "ts",
      `${DEFINE}export default defineEdge({ name: "X", domains: [] } as never);`,
    );
    expect(definition).toBeUndefined();
    expect(findings.map(({ id, path }) => `${id} ${formatPath(path)}`)).toEqual(
      expect.arrayContaining(["value-out-of-range name", "required accessEdge", "value-out-of-range domains"]),
    );
  });

  it("still tells an omitted partner type after defineEdge has filled it in", async () => {
    const text = `${DEFINE}export default defineEdge({ ...${JSON_LEAST}, partners: [{ domain: "fabrikam.example" }] });`;
    expect((await load("ts", text)).findings.map(({ id }) => id)).toContain("partner-type-default");
  });

  test.each([
    ["nothing", "const a = 1;", "default-export-wrong", "exports nothing"],
    ["only names", "export const edge = {};", "default-export-wrong", "has no default export, only edge"],
    ["a function", "export default () => ({});", "default-export-wrong", "exports a function by default"],
    ["a promise", "export default Promise.resolve({});", "default-export-wrong", "exports a promise by default"],
  ])("that exports %s is refused", async (_, text, code, message) => {
    const error = await refusal(load("ts", text));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(message);
  });

  test.each([
    ["a slip of syntax", "const a = 1;\nconst b: number = ;\nexport default {};", "unparsable", "Unexpected token", 2],
    [
      "a thrown error",
      'const a: number = 1;\n\nthrow new TypeError("no " + a);\nexport default {};',
      "file-threw",
      "threw TypeError: no 1",
      3,
    ],
    ["something to wait for", "export default await Promise.resolve({});", "unparsable", /await/, undefined],
    ["a thrown text", 'throw "no";\nexport default {};', "file-threw", "threw no", undefined],
    [
      "a missing file",
      'import { a } from "./missing-file";\nexport default a;',
      "module-not-found",
      "Cannot find module './missing-file'",
      undefined,
    ],
  ])("with %s is told in one line, at its own line", async (_, text, code, message, lineNumber) => {
    const path = file("ts", text);
    const error = await refusal(loadDefinition(path));
    expect(error).toMatchObject({ code, file: path });
    expect(error.message).toMatch(message);
    if (lineNumber !== undefined) expect(error.line).toBe(lineNumber);
  });

  it("points into the imported file where that one throws", async () => {
    const broken = scratch.write("broken.ts", '\nthrow new Error("broken");\nexport const a = 1;');
    const error = await refusal(load("ts", 'import { a } from "./broken";\nexport default a;'));
    expect(error).toMatchObject({ code: "file-threw", file: broken, line: 2 });
  });
});
