import type { Alias, Document, Node, Pair, ParsedNode, YAMLMap } from "yaml";
import { LoadError } from "./load-error";
import { MAXIMUM_DEPTH, type Path, type PlainDocument } from "./plain-document";
import { type Position, positionsIn } from "./position";

/** How often aliases may repeat a value, all levels multiplied: far above use, far below a bomb. */
const MAXIMUM_ALIASES = 10_000;

/** Loaded only when a definition is YAML. */
const yaml = () => require("yaml") as typeof import("yaml");

/** Reads YAML 1.2 with the core schema: no custom tags, no merge keys, one document. */
export function readYaml(file: string, text: string): PlainDocument {
  const position = positionsIn(text);
  const fail = (reason: string, remedy: string, offset?: number) =>
    new LoadError("unparsable", file, reason, remedy, offset === undefined ? undefined : position(offset));
  const document = compose(file, text, position);
  const error = document.errors[0];
  if (error !== undefined) throw fail(`is not YAML: ${error.message}`, "correct the text there", error.pos[0]);
  const warning = document.warnings[0]; // unresolved tags, and directives that it does not know
  if (warning !== undefined) throw fail(`is more than plain YAML: ${warning.message}`, "use no tags", warning.pos[0]);
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== "1.2")
    throw fail(
      `is YAML ${document.directives.yaml.version}`,
      "remove the %YAML directive: definitions are YAML 1.2",
      0,
    );
  const duplicates: { path: Path; position: Position }[] = [];
  const strange = visitKeys(document.contents, (path, offset) => duplicates.push({ path, position: position(offset) }));
  if (strange !== undefined) throw fail("has a key that is no plain text", "write keys as words", strange);
  return {
    value: plainValue(document, fail),
    duplicates,
    locate: (path, part) => {
      const offset = offsetOf(document, path, part);
      return offset === undefined ? undefined : position(offset);
    },
  };
}

/** Lexer and parser run without recursion; the composer recurses, so depth is bounded before it. */
function compose(file: string, text: string, position: (offset: number) => Position): Document.Parsed {
  const { Composer, Lexer, Parser } = yaml();
  const parser = new Parser();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAXIMUM_DEPTH)
      throw new LoadError(
        "too-deep",
        file,
        `nests more than ${MAXIMUM_DEPTH} levels deep`,
        "a definition is some six levels deep: check that this is one",
        position(parser.offset),
      );
  }
  for (const token of parser.end()) tokens.push(token);
  const composer = new Composer<ParsedNode, true>({
    version: "1.2",
    schema: "core",
    resolveKnownTags: false,
    merge: false,
    strict: true,
    uniqueKeys: false, // found by ourselves, all at once and in linear time
  });
  const [first, second] = composer.compose(tokens, true, text.length);
  if (second !== undefined)
    throw new LoadError(
      "unparsable",
      file,
      "holds more than one YAML document",
      "put each edge into a file of its own",
      position(second.range[0]),
    );
  return first as Document.Parsed;
}

function plainValue(document: Document.Parsed, fail: (reason: string, remedy: string) => LoadError): unknown {
  try {
    return document.toJS({ maxAliasCount: MAXIMUM_ALIASES });
  } catch (error) {
    // The library's own error for aliases without an anchor and for those that multiply without bound.
    if (error instanceof ReferenceError) throw fail(`is not YAML: ${error.message}`, "correct the aliases");
    throw error;
  }
}

/** Calls back for every key that stands twice; returns the offset of a key that is no scalar, if there is one. */
function visitKeys(root: ParsedNode | null, twice: (path: Path, offset: number) => void): number | undefined {
  const { isMap, isScalar, isSeq } = yaml();
  const waiting: { node: Node | null; path: Path }[] = [{ node: root, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, path } = next;
    if (isSeq(node))
      for (const [index, item] of node.items.entries()) waiting.push({ node: item as Node, path: [...path, index] });
    if (!isMap(node)) continue;
    const seen = new Set<string>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const offset = pair.key.range?.[0] ?? 0;
      if (!isScalar(pair.key)) return offset;
      const name = keyText(pair);
      if (seen.has(name)) twice([...path, name], offset);
      seen.add(name);
      waiting.push({ node: pair.value, path: [...path, name] });
    }
  }
  return undefined;
}

/** A key as the plain value has it. */
function keyText(pair: Pair<Node, unknown>): string {
  const value = (pair.key as { value?: unknown }).value;
  return value === null || value === undefined ? "" : String(value);
}

function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number | undefined {
  const { isAlias, isMap, isSeq } = yaml();
  let here: Node | null | undefined = document.contents;
  let offset = here?.range?.[0];
  for (const [index, step] of path.entries()) {
    if (isAlias(here)) here = (here as Alias).resolve(document);
    let next: Node | null | undefined;
    if (isSeq(here) && typeof step === "number") next = here.items[step] as Node | undefined;
    if (isMap(here) && typeof step === "string") {
      const pairs: Pair<Node, Node | null>[] = (here as YAMLMap<Node, Node | null>).items;
      const pair = pairs.findLast((one) => keyText(one) === step);
      if (pair === undefined) return offset;
      if (part === "key" && index === path.length - 1) return pair.key.range?.[0];
      next = pair.value;
      offset = pair.key.range?.[0] ?? offset;
    }
    if (next === undefined || next === null) return offset;
    offset = next.range?.[0] ?? offset;
    here = next;
  }
  return offset;
}
