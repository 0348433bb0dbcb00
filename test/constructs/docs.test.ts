import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { TerraformStack, Testing } from "cdktf";
import ts from "typescript";

const ROOT = resolve(__dirname, "..", "..");
const FOLDER = join(ROOT, "docs", "constructs");

/** Every example of the pages, as a file beside its page. */
const examples = readdirSync(FOLDER)
  .filter((page) => page.endsWith(".md"))
  .flatMap((page) => {
    const blocks = readFileSync(join(FOLDER, page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm);
    return [...blocks].map(([, source], at) => ({ page, file: join(FOLDER, `${page}.${at}.ts`), source: source! }));
  });

/** What the compiler says of the examples, under the project's own options. */
function diagnostics(): string {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["-"] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const sources = new Map(examples.map(({ file, source }) => [file, source]));
  const { fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  const program = ts.createProgram([...sources.keys()], options, host);
  const found = [...sources.keys()].flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  return ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => "\n",
  });
}

describe("the pages of the constructs", () => {
  test("are one a construct, each with an example", () => {
    const pages = [
      "edge-certificate.md",
      "edge-host.md",
      "federation-check.md",
      "federation-records.md",
      "gateway-image.md",
      "partner-list.md",
      "xmpp-edge.md",
    ];
    expect(readdirSync(FOLDER).sort()).toEqual(pages);
    expect([...new Set(examples.map(({ page }) => page))].sort()).toEqual(pages);
  });

  test("have examples that compile", () => {
    expect(diagnostics()).toBe("");
  });

  test.each(examples.map(({ page, source }) => [page, source]))("the example of %s synthesises", (_, source) => {
    const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const { outputText } = ts.transpileModule(source!, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
    });
    const module = { exports: {} as { place?: (stack: TerraformStack) => void } };
    new Function("require", "module", "exports", outputText)(require, module, module.exports);
    const stack = new TerraformStack(Testing.app(), "example");
    module.exports.place!(stack);
    expect(() => Testing.synth(stack, true)).not.toThrow();
    written.mockRestore();
  });
});
