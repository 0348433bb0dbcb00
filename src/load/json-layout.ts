/** A member of an object or an entry of a list, by offsets into the text. */
export interface JsonPart {
  /** Absent in lists. */
  readonly key?: string;
  /** Where the key, or in lists the value, begins. */
  readonly start: number;
  /** Where the value begins. */
  readonly value: number;
}

/**
 * Where the parts of a JSON text stand, found one container at a time and only when asked: the text of 10,000
 * partners is passed over twice to point at one of them, and no tree of all of it is ever made.
 */
export interface JsonLayout {
  readonly root: number;
  /** The parts of the object or list that begins at an offset; none for a scalar. */
  partsAt(offset: number): readonly JsonPart[];
}

/** The layout of a text that JSON.parse has accepted. */
export function jsonLayout(text: string): JsonLayout {
  const known = new Map<number, readonly JsonPart[]>();
  return {
    root: afterSpace(text, 0),
    partsAt(offset) {
      const parts = known.get(offset) ?? scanContainer(text, offset);
      known.set(offset, parts);
      return parts;
    },
  };
}

export const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** An object or a list. */
export const opens = (character: number) => character === OPEN_LIST || character === OPEN_OBJECT;
export const closes = (character: number) => character === CLOSE_LIST || character === CLOSE_OBJECT;

function scanContainer(text: string, offset: number): JsonPart[] {
  const kind = text.charCodeAt(offset);
  const parts: JsonPart[] = [];
  if (!opens(kind)) return parts;
  let at = afterSpace(text, offset + 1);
  while (at < text.length && !closes(text.charCodeAt(at))) {
    const start = at;
    let key: string | undefined;
    if (kind === OPEN_OBJECT) {
      const end = endOfString(text, start) + 1;
      key = JSON.parse(text.slice(start, end)) as string;
      at = afterSpace(text, afterSpace(text, end) + 1); // the colon between them
    }
    parts.push({ ...(key === undefined ? {} : { key }), start, value: at });
    at = afterSpace(text, endOfValue(text, at));
    if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1);
  }
  return parts;
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start) + 1;
  if (opens(first)) {
    let depth = 0;
    for (let at = start; at < text.length; at++) {
      const character = text.charCodeAt(at);
      if (character === QUOTE) at = endOfString(text, at);
      else if (opens(character)) depth++;
      else if (closes(character) && --depth === 0) return at + 1;
    }
    return text.length;
  }
  let end = start;
  while (end < text.length && !/[\s,\]}]/.test(text.charAt(end))) end++;
  return end;
}

/** The offset of the quote that closes the string; the end of the text where none does. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

/** RFC 8259 section 2: space, tab, line feed, carriage return. */
function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}
