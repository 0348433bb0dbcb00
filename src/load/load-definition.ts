import { extname } from "node:path";
import { asWritten, type Definition, type Finding, parseDefinition } from "../definition";
import { bySeverity } from "../definition/finding";
import { LoadError } from "./load-error";
import type { PlainDocument } from "./plain-document";
import type { Position } from "./position";
import { readSourceText } from "./source-text";

/** A definition file that could be read, with everything that was found in it. */
export interface LoadedDefinition {
  /** The path as it was given. */
  readonly file: string;
  /** Present where no finding is an error. */
  readonly definition?: Definition;
  /** Errors first, then warnings, then information. */
  readonly findings: readonly Finding[];
  /** Where a finding stands in the file; undefined for TypeScript, whose values have no place in the text. */
  positionOf(finding: Finding): Position | undefined;
}

/** Bytes. 10,000 partners take about 2 MB; the YAML reader needs some hundred times the text's size. */
const MAXIMUM_BYTES = { json: 64 * 2 ** 20, yaml: 16 * 2 ** 20, typescript: 16 * 2 ** 20 };

const FORMATS: Readonly<Record<string, keyof typeof MAXIMUM_BYTES>> = {
  ".ts": "typescript",
  ".mts": "typescript",
  ".cts": "typescript",
  ".js": "typescript",
  ".mjs": "typescript",
  ".cjs": "typescript",
  ".json": "json",
  ".yaml": "yaml",
  ".yml": "yaml",
};

/**
 * Reads and checks a definition in TypeScript, JSON or YAML, told apart by the file's extension.
 * @throws LoadError where the file cannot be read or parsed
 */
export async function loadDefinition(file: string): Promise<LoadedDefinition> {
  const format = FORMATS[extname(file).toLowerCase()];
  if (format === undefined)
    throw new LoadError(
      "format-unknown",
      file,
      "has no extension of a definition",
      `name it with one of ${Object.keys(FORMATS).join(", ")}`,
    );
  const text = readSourceText(file, MAXIMUM_BYTES[format]);
  if (format === "typescript") return fromTypeScript(file);
  if (format === "json") return fromDocument(file, json().readJson(file, text));
  return fromDocument(file, yaml().readYaml(file, text));
}

// Each reader brings a library of its own; only the one that is needed is loaded.
const json = () => require("./json") as typeof import("./json");
const yaml = () => require("./yaml") as typeof import("./yaml");
const typescript = () => require("./typescript") as typeof import("./typescript");

function fromTypeScript(file: string): LoadedDefinition {
  const { isDefinitionError, runDefinition } = typescript();
  const positionOf = () => undefined;
  try {
    return { file, ...parseDefinition(asWritten(runDefinition(file))), positionOf };
  } catch (error) {
    if (!isDefinitionError(error)) throw error;
    return { file, findings: error.issues as readonly Finding[], positionOf };
  }
}

function fromDocument(file: string, document: PlainDocument): LoadedDefinition {
  const parsed = parseDefinition(document.value);
  const twice = new Map(document.duplicates.map(({ path, position }) => [duplicateKey(path), position]));
  const positionOf = (finding: Finding) =>
    twice.get(finding) ?? document.locate(finding.path, finding.id === "key-unknown" ? "key" : "value");
  if (twice.size === 0) return { file, ...parsed, positionOf };
  return { file, findings: bySeverity([...twice.keys(), ...parsed.findings]), positionOf };
}

function duplicateKey(path: Finding["path"]): Finding {
  return {
    severity: "error",
    id: "key-duplicate",
    path,
    rule: "a key stands once in an object; readers disagree about which of two counts",
    remedy: "remove one of the two",
  };
}
