import { describe, expect, it, test } from "@jest/globals";
import { formatPath } from "../../src/definition";
import { loadDefinition } from "../../src/load";
import { JSON_LEAST, loadingFolder, refusal } from "./loading";

const scratch = loadingFolder();
const { load, file } = scratch;

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
