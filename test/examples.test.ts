import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "@jest/globals";
import ts from "typescript";
import { COMMANDS } from "../src/cli/commands";
import { METHOD_NAMES, negotiationTable } from "../src/definition";
import { loadDefinition } from "../src/load";
import { scratchFolder } from "./load/scratch";

const root = join(__dirname, "..");
const scratch = scratchFolder();

interface Example {
  readonly page: string;
  readonly language: string;
  readonly source: string;
  /** A file beside its page, so that relative imports mean what a reader takes them for. */
  readonly file: string;
}

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];
const examples = pages.flatMap((page): Example[] => {
  const blocks = readFileSync(join(root, page), "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, language = "", source = ""], at) => ({
    page,
    language,
    source,
    file: join(root, `${page}.${at}.ts`),
  }));
});
const inTypeScript = examples.filter(({ language }) => language === "ts");

/** What the compiler says of the examples, under the project's own options. */
function diagnostics(): string {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["-"] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const sources = new Map(inTypeScript.map(({ file, source }) => [file, source]));
  const { fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  const program = ts.createProgram([...sources.keys()], { ...options, noUnusedLocals: false }, host);
  const found = [...sources.keys()].flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  return ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  });
}

describe("examples in the pages", () => {
  it("in TypeScript compile", () => {
    expect(inTypeScript.length).toBeGreaterThanOrEqual(3);
    expect(diagnostics()).toBe("");
  });

  const definitions = examples.filter(
    ({ language, source }) =>
      (language === "ts" && source.includes("export default defineEdge(")) ||
      (["json", "yaml"].includes(language) && /accessEdge/.test(source) && /domains/.test(source)),
  );

  it("have a definition in every format", () => {
    expect([...new Set(definitions.map(({ language }) => language))].sort()).toEqual(["json", "ts", "yaml"]);
  });

  test.each(definitions.map(({ page, language, source }, at) => ({ page, language, source, at })))(
    "$page, definition $at ($language) is valid",
    async ({ language, source, at }) => {
      const { definition, findings } = await loadDefinition(scratch.write(`${at}.${language}`, source));
      expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(definition).toBeDefined();
    },
  );
});

describe("shipped definitions", () => {
  const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /edge\.config\.(ts|json|yaml)$/.test(name),
  );

  test.each(files)("examples/%s is valid, without a warning", async (name) => {
    const { definition, findings } = await loadDefinition(join(root, "examples", name));
    expect(definition).toBeDefined();
    expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  it("are both ends of one federation", async () => {
    expect(files).toEqual(
      expect.arrayContaining([join("contoso", "edge.config.ts"), join("fabrikam", "edge.config.ts")]),
    );
  });
});

describe("what the pages say", () => {
  test("of the 18 rows is what the code does", () => {
    const rows = [...readFileSync(join(root, "docs/negotiation.md"), "utf8").matchAll(/^\| (\d+) \| (.*) \|$/gm)];
    const written = rows.map(([, row, rest = ""]) => {
      const [tls, sasl, dialback, methods = "", says = ""] = rest.split("|").map((cell) => cell.trim());
      return { row: Number(row), tls, sasl, dialback, methods, isError: says.startsWith("error") };
    });
    expect(written).toEqual(
      negotiationTable().map(({ row, tls, sasl, dialback, methods, valid, controlPanelRefuses }) => ({
        row,
        tls,
        sasl,
        dialback: String(dialback),
        methods: methods.map((method) => METHOD_NAMES[method]).join(", "),
        isError: !valid || controlPanelRefuses,
      })),
    );
  });

  test("of the commands names every one", () => {
    const page = readFileSync(join(root, "docs/commands.md"), "utf8");
    for (const { name, children, hidden } of COMMANDS)
      for (const one of children?.map((child) => `${name} ${child.name}`) ?? [name])
        if (!hidden) expect(page).toContain(`\`${one}`);
  });

  test("links to pages that exist", () => {
    for (const page of pages)
      for (const [, target = ""] of readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        const path = join(root, page, "..", target);
        expect({ page, target, exists: ts.sys.fileExists(path) || ts.sys.directoryExists(path) }).toEqual({
          page,
          target,
          exists: true,
        });
      }
  });
});
