import type { Element } from "./element";
import { dialbackNamespace, streamsNamespace } from "./namespaces";

/**
 * Prefixes that our stream header declares. RFC 6120 section 4.8.5 and XEP-0220 section 2.1.1 want elements of these
 * two namespaces written with them.
 */
export const streamPrefixes: ReadonlyMap<string, string> = new Map([
  [streamsNamespace, "stream"],
  [dialbackNamespace, "db"],
]);

/** A tree that XML cannot carry. Always a fault of the caller: what a parser gave out can be printed. */
export class UnprintableXmlError extends Error {
  override readonly name = "UnprintableXmlError";

  constructor(
    readonly code: "xml-unprintable-character" | "xml-unprintable-name",
    message: string,
  ) {
    super(message);
  }
}

/**
 * Prints an element for a stream.
 *
 * @param inScope default namespace where the element is written, `jabber:server` on our streams; elements of another
 *   namespace declare theirs, elements of a namespace in `prefixes` take the prefix
 * @param prefixes namespace to prefix, as the stream's header declared them
 * @throws UnprintableXmlError for a name or a character that XML 1.0 has no way to write
 */
export function serialise(
  el: Element,
  inScope: string,
  prefixes: ReadonlyMap<string, string> = streamPrefixes,
): string {
  const prefix = el.ns === inScope ? undefined : prefixes.get(el.ns);
  let name = checkedName(el.name);
  let opening: string;
  let scope = inScope;
  if (prefix !== undefined) {
    name = `${prefix}:${name}`;
    opening = `<${name}`;
  } else if (el.ns === inScope) {
    opening = `<${name}`;
  } else {
    opening = `<${name} xmlns='${escapeAttribute(el.ns)}'`;
    scope = el.ns;
  }
  const { attrs, children } = el;
  for (const key in attrs) {
    opening += ` ${key === "xml:lang" ? key : checkedName(key)}='${escapeAttribute(attrs[key] as string)}'`;
  }
  if (children.length === 0) return `${opening}/>`;
  let content = "";
  for (const child of children) {
    content += typeof child === "string" ? escapeText(child) : serialise(child, scope, prefixes);
  }
  return content === "" ? `${opening}/>` : `${opening}>${content}</${name}>`;
}

// NCName of Namespaces in XML 1.0, production 4, over the ranges of XML 1.0 (fifth edition), production 4.
const startCharacters =
  "A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}" +
  "\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}";
const anyName = new RegExp(
  `^[${startCharacters}][${startCharacters}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*$`,
  "u",
);
const plainName = /^[A-Za-z_][\w.-]*$/;

function checkedName(name: string): string {
  // A plain attribute called xmlns would be read back as a declaration.
  if ((plainName.test(name) || anyName.test(name)) && name !== "xmlns") return name;
  throw new UnprintableXmlError(
    "xml-unprintable-name",
    `${JSON.stringify(name.slice(0, 64))} cannot be the name of an element or attribute: expected a name without a colon`,
  );
}

const replacements: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
const replacement = (character: string): string => replacements[character] as string;

// The first expression of each pair matches nothing in nearly every string, so that most are not copied. It stops at
// surrogates too, where the exact and slower expression has to tell pairs from lone ones.
const suspectInText = /[^\t\n !#-%(-;=?-\ud7ff\ue000-\ufffd]/;
const escapedInText = /["&'<>\r]/g;
const suspectInAttribute = /[^ !#-%(-;=?-\ud7ff\ue000-\ufffd]/;
const escapedInAttribute = /["&'<>\t\n\r]/g;
/** The complement of Char, XML 1.0 production 2. */
const forbidden = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Escapes character data. CR is written as a reference, or a parser would read it back as LF (XML 1.0 section 2.11). */
export function escapeText(text: string): string {
  if (!suspectInText.test(text)) return text;
  refuseForbidden(text);
  return text.replace(escapedInText, replacement);
}

/** Escapes an attribute's value, for either kind of quote; white space is kept as it is (XML 1.0 section 3.3.3). */
export function escapeAttribute(value: string): string {
  if (!suspectInAttribute.test(value)) return value;
  refuseForbidden(value);
  return value.replace(escapedInAttribute, replacement);
}

function refuseForbidden(text: string): void {
  const found = forbidden.exec(text);
  if (found === null) return;
  const codePoint = (found[0].codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  throw new UnprintableXmlError(
    "xml-unprintable-character",
    `U+${codePoint} at position ${found.index} cannot be written in XML 1.0: expected tab, LF, CR or a character from U+0020 up that is no surrogate or non-character; remove or replace it`,
  );
}
