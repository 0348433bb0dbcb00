import type { SaxesAttributeNSIncomplete, SaxesTagNS } from "saxes";
import { type Attributes, appendChild, bareRecord, type Element, noAttributes } from "./element";
import type { ParserLimits } from "./parser-limits";
import { beyondLimit, notWellFormed } from "./refusal";

/** The opening tag of a stream (RFC 6120 section 4.7). */
export interface StreamHeader {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Attributes;
  /** Namespaces that the tag declares, by prefix; '' is the default namespace. */
  readonly declared: Readonly<Record<string, string>>;
}

/** What a tree builder gives out. */
export interface TreeOutput {
  header(header: StreamHeader): void;
  stanza(el: Element): void;
  end(): void;
}

interface OpenElement extends Element {
  readonly children: (Element | string)[];
}

/** Makes the header and the stanzas from a parser's events, and bounds their shape. */
export class TreeBuilder {
  readonly #limits: Required<ParserLimits>;
  readonly #output: TreeOutput;
  /** The elements that are open below the root. */
  readonly #open: OpenElement[] = [];
  #depth = 0;
  #elements = 0;
  /** Of the tag being read. */
  #attrs: Record<string, string> | undefined;
  #attributes = 0;
  #namespaces = 0;

  constructor(limits: Required<ParserLimits>, output: TreeOutput) {
    this.#limits = limits;
    this.#output = output;
  }

  /** Elements that are open, the root counted: 0 before the header, 1 between stanzas. */
  get depth(): number {
    return this.#depth;
  }

  /** Takes each attribute as soon as it is read, before the tag has its `>`; that it is the only one is judged there. */
  attribute({ name, prefix, value }: SaxesAttributeNSIncomplete): void {
    this.#checkName(name);
    if (prefix === "xmlns" || name === "xmlns") {
      this.#namespace(value);
      return;
    }
    if (++this.#attributes > this.#limits.maxAttributes) {
      throw beyondLimit("xml-too-many-attributes", `${this.#limits.maxAttributes} attributes in one element`);
    }
    if (prefix === "" || name === "xml:lang") {
      this.#attrs ??= bareRecord();
      this.#attrs[name] = value;
    }
  }

  #namespace(value: string): void {
    if (++this.#namespaces > this.#limits.maxNamespaces) {
      throw beyondLimit(
        "xml-too-many-namespaces",
        `${this.#limits.maxNamespaces} namespace declarations in one element`,
      );
    }
    // saxes trims the namespace name, so that two different ones would become the same.
    if (value.trim() !== value) {
      throw notWellFormed("xml-namespace-name", "A namespace name that begins or ends with white space");
    }
  }

  opened(tag: SaxesTagNS): void {
    this.#checkName(tag.name);
    if (++this.#depth > this.#limits.maxDepth) {
      throw beyondLimit("xml-too-deep", `${this.#limits.maxDepth} elements within each other`);
    }
    const attrs = this.#attrs ?? noAttributes;
    this.#attrs = undefined;
    this.#attributes = 0;
    this.#namespaces = 0;
    if (this.#depth === 1) {
      this.#output.header(detachedHeader(tag, attrs));
      return;
    }
    this.#elements = this.#depth === 2 ? 1 : this.#elements + 1;
    if (this.#elements > this.#limits.maxElements) {
      throw beyondLimit("xml-too-many-elements", `${this.#limits.maxElements} elements in one stanza`);
    }
    this.#open.push({ name: tag.local, ns: tag.uri, attrs, children: [] });
  }

  closed(): void {
    this.#depth--;
    const el = this.#open.pop();
    if (el === undefined) {
      this.#output.end();
      return;
    }
    const parent = this.#open[this.#open.length - 1];
    if (parent === undefined) this.#output.stanza(el);
    else parent.children.push(el);
  }

  /** Text within a stanza. */
  text(text: string): void {
    const parent = this.#open[this.#open.length - 1];
    if (parent !== undefined) appendChild(parent.children, text);
  }

  #checkName(name: string): void {
    if (name.length > this.#limits.maxNameLength) {
      throw beyondLimit("xml-name-too-long", `${this.#limits.maxNameLength} characters in a name`);
    }
  }
}

/**
 * The header as copies that share no memory with the chunk it was parsed from: V8 makes substrings point into the
 * whole, and both the stream and saxes, for its end tag and prefixes, keep the root's tag as long as they live.
 */
function detachedHeader(tag: SaxesTagNS, attrs: Attributes): StreamHeader {
  const declared = bareRecord();
  for (const prefix in tag.ns) declared[prefix] = tag.ns[prefix] = detached(tag.ns[prefix] as string);
  const kept = bareRecord();
  for (const name in attrs) kept[name] = detached(attrs[name] as string);
  tag.name = detached(tag.name);
  tag.local = detached(tag.local);
  tag.prefix = detached(tag.prefix);
  tag.uri = detached(tag.uri);
  tag.attributes = {};
  return { name: tag.local, ns: tag.uri, attrs: kept, declared };
}

function detached(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
