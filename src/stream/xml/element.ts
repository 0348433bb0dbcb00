/**
 * An XML element as XMPP uses it: local name and namespace instead of prefixes, so that two ways of writing the same
 * element are the same value. Trees are shared between streams and must not be changed after they are built.
 */
export interface Element {
  /** Local name, without a prefix. */
  readonly name: string;
  /** Namespace name; empty for none. */
  readonly ns: string;
  /**
   * Attributes without a namespace by name, and `xml:lang` under that name; attributes of other namespaces are not
   * kept. Inherits nothing, so a lookup by any name finds only what the peer sent.
   */
  readonly attrs: Attributes;
  /** Elements and text in document order: no empty string, no two strings in a row. */
  readonly children: readonly (Element | string)[];
}

export type Attributes = Readonly<Record<string, string>>;

/**
 * The constructor behind every attribute record. Its prototype inherits nothing, so `__proto__` and `constructor` are
 * names like any other; `Object.create(null)` would give the same, but as a dictionary, which V8 reads more slowly.
 */
function BareRecord(): void {}
BareRecord.prototype = Object.create(null);

/** An empty record that inherits nothing: safe for keys that a peer chose. */
export function bareRecord(): Record<string, string> {
  return new (BareRecord as unknown as new () => Record<string, string>)();
}

/** The attributes of every element that has none. */
export const noAttributes: Attributes = Object.freeze(bareRecord());

/**
 * Builds an element. Attributes with the value `undefined` and empty strings among the children are left out, text
 * beside text is joined, so that what is built here equals what a parser reads back.
 */
export function xml(
  name: string,
  ns: string,
  attrs: Readonly<Record<string, string | undefined>> = noAttributes,
  ...children: readonly (Element | string)[]
): Element {
  const kept = bareRecord();
  for (const key of Object.keys(attrs)) {
    const value = attrs[key];
    if (value !== undefined) kept[key] = value;
  }
  return { name, ns, attrs: kept, children: children.some(isText) ? joinText(children) : children };
}

const isText = (child: Element | string): child is string => typeof child === "string";

function joinText(children: readonly (Element | string)[]): (Element | string)[] {
  const joined: (Element | string)[] = [];
  for (const child of children) appendChild(joined, child);
  return joined;
}

/** Adds a child in place, joining text with the text before it. */
export function appendChild(children: (Element | string)[], child: Element | string): void {
  if (typeof child !== "string") {
    children.push(child);
  } else if (child !== "") {
    const last = children.length - 1;
    const before = children[last];
    if (typeof before === "string") children[last] = before + child;
    else children.push(child);
  }
}

/** The first child element of that name and namespace. */
export function childNamed(el: Element, name: string, ns: string): Element | undefined {
  for (const child of el.children) {
    if (typeof child !== "string" && child.name === name && child.ns === ns) return child;
  }
  return undefined;
}

/** The child elements, without text. */
export function elements(el: Element): Element[] {
  return el.children.filter((child): child is Element => typeof child !== "string");
}

/** The element's own text, joined; text inside child elements does not count. */
export function textOf(el: Element): string {
  let text = "";
  for (const child of el.children) if (typeof child === "string") text += child;
  return text;
}
