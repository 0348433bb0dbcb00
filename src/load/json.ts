import type { Node, ParseErrorCode } from "jsonc-parser";
import { LoadError } from "./load-error";
import { MAXIMUM_DEPTH, type Path, type PlainDocument } from "./plain-document";
import { positionsIn } from "./position";

/** Reads strict JSON (RFC 8259). The tree with positions is made only when something has to be pointed at. */
export function readJson(file: string, text: string): PlainDocument {
  const position = positionsIn(text);
  const outline = outlineOf(text);
  if (outline.tooDeepAt !== undefined)
    throw new LoadError(
      "too-deep",
      file,
      `nests more than ${MAXIMUM_DEPTH} levels deep`,
      "a definition is some six levels deep: check that this is one",
      position(outline.tooDeepAt),
    );
  const value = parse(file, text);
  let parsed: Node | undefined;
  const tree = () => {
    parsed ??= jsonc().parseTree(text);
    return parsed;
  };
  return {
    value,
    duplicates:
      membersOf(value) === outline.members
        ? []
        : duplicatesIn(tree()).map(({ path, offset }) => ({ path, position: position(offset) })),
    locate(path, part) {
      const root = tree();
      return root === undefined ? undefined : position(offsetOf(root, path, part));
    },
  };
}

const jsonc = () => require("jsonc-parser") as typeof import("jsonc-parser");

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { reason, offset } = syntaxError(text);
    throw new LoadError(
      "unparsable",
      file,
      `is not JSON: ${reason ?? (error instanceof Error ? error.message : String(error))}`,
      "correct the text there; JSON has no comments and no comma before a closing bracket (YAML and TypeScript have)",
      offset === undefined ? undefined : positionsIn(text)(offset),
    );
  }
}

function syntaxError(text: string): { reason?: string; offset?: number } {
  const errors: { error: ParseErrorCode; offset: number }[] = [];
  jsonc().parseTree(text, errors as import("jsonc-parser").ParseError[], { disallowComments: true });
  const first = errors[0];
  if (first === undefined) return {};
  const name = jsonc().printParseErrorCode(first.error);
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
  return { reason: words, offset: first.offset };
}

/**
 * What can be seen without a tree: how many members all objects have together (colons outside strings), and where
 * the text nests too deep. Much faster than a parser that keeps positions, and enough where all is well.
 */
function outlineOf(text: string): { members: number; tooDeepAt?: number } {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        members++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MAXIMUM_DEPTH) return { members, tooDeepAt: at };
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  return { members };
}

/** The offset of the quote that closes the string; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + membersOf(item), 0);
  const inner = Object.values(value);
  return inner.reduce((sum: number, item) => sum + membersOf(item), inner.length);
}

function duplicatesIn(root: Node | undefined): { path: Path; offset: number }[] {
  const found: { path: Path; offset: number }[] = [];
  const visit = (node: Node, path: Path) => {
    if (node.type === "array")
      for (const [index, child] of (node.children ?? []).entries()) visit(child, [...path, index]);
    if (node.type !== "object") return;
    const seen = new Set<string>();
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined) continue;
      const name = String(key.value);
      if (seen.has(name)) found.push({ path: [...path, name], offset: key.offset });
      seen.add(name);
      if (value !== undefined) visit(value, [...path, name]);
    }
  };
  if (root !== undefined) visit(root, []);
  return found;
}

function offsetOf(root: Node, path: Path, part: "key" | "value"): number {
  let here = root;
  for (const [index, step] of path.entries()) {
    const property = typeof step === "string" ? lastProperty(here, step) : undefined;
    const next =
      typeof step === "number" ? (here.type === "array" ? here.children?.[step] : undefined) : property?.children?.[1];
    if (next === undefined) return here.offset;
    if (index === path.length - 1 && part === "key" && property !== undefined) return property.offset;
    here = next;
  }
  return here.offset;
}

/** The last one, for that is whose value counts where a key stands twice. */
function lastProperty(node: Node, key: string): Node | undefined {
  return node.type === "object"
    ? node.children?.findLast((property) => property.children?.[0]?.value === key)
    : undefined;
}
