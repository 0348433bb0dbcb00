import type { ParseError } from "jsonc-parser";
import { closes, endOfString, type JsonLayout, type JsonPart, jsonLayout, opens, QUOTE } from "./json-layout";
import { LoadError } from "./load-error";
import { MAXIMUM_DEPTH, type Path, type PlainDocument } from "./plain-document";
import { positionsIn } from "./position";

/** Reads strict JSON (RFC 8259). JSON.parse decides; all else serves to point at what is wrong. */
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
  const layout = jsonLayout(text);
  const duplicates = membersOf(value) === outline.members ? [] : duplicatesIn(layout, layout.root, []);
  return {
    value,
    duplicates: duplicates.map(({ path, offset }) => ({ path, position: position(offset) })),
    locate: (path, part) => position(offsetOf(layout, path, part)),
  };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = syntaxError(text);
    throw new LoadError(
      "unparsable",
      file,
      `is not JSON: ${found?.reason ?? (error instanceof Error ? error.message : String(error))}`,
      "correct the text there; JSON has no comments and no comma before a closing bracket (YAML and TypeScript have)",
      found === undefined ? undefined : positionsIn(text)(found.offset),
    );
  }
}

/** Where and why, from a parser made for editors; JSON.parse gives a position only sometimes. */
function syntaxError(text: string): { reason: string; offset: number } | undefined {
  const { parseTree, printParseErrorCode } = require("jsonc-parser") as typeof import("jsonc-parser");
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return undefined;
  const reason = printParseErrorCode(first.error).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return { reason: reason.trim(), offset: first.offset };
}

const COLON = 0x3a;

/** How many members all objects have together (colons outside strings), and where the text nests too deep. */
function outlineOf(text: string): { members: number; tooDeepAt?: number } {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === COLON) members++;
    else if (opens(character)) {
      if (++depth > MAXIMUM_DEPTH) return { members, tooDeepAt: at };
    } else if (closes(character)) depth--;
  }
  return { members };
}

function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce((sum: number, item) => sum + membersOf(item), Array.isArray(value) ? 0 : inner.length);
}

function duplicatesIn(layout: JsonLayout, offset: number, path: Path): { path: Path; offset: number }[] {
  const seen = new Set<string>();
  return layout.partsAt(offset).flatMap((part, index) => {
    const inner = [...path, part.key ?? index];
    const twice = part.key !== undefined && seen.has(part.key);
    if (part.key !== undefined) seen.add(part.key);
    const below = duplicatesIn(layout, part.value, inner);
    return twice ? [{ path: inner, offset: part.start }, ...below] : below;
  });
}

function offsetOf(layout: JsonLayout, path: Path, wanted: "key" | "value"): number {
  let offset = layout.root;
  for (const [index, step] of path.entries()) {
    const part = partOf(layout.partsAt(offset), step);
    if (part === undefined) return offset;
    offset = index === path.length - 1 && wanted === "key" ? part.start : part.value;
  }
  return offset;
}

/** Of two parts with one key the last, for that is whose value counts. */
function partOf(parts: readonly JsonPart[], step: string | number): JsonPart | undefined {
  if (typeof step === "string") return parts.findLast((part) => part.key === step);
  return parts[0]?.key === undefined ? parts[step] : undefined;
}
