import { SaxesParser } from "saxes";

/** An XML element as the test client received it. */
export interface Element {
  /** Local name. */
  readonly name: string;
  readonly namespace: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** The text directly inside it. */
  readonly text: string;
}

/** The first child of that name, in whatever namespace. */
export function child(element: Element, name: string): Element | undefined {
  return element.children.find((one) => one.name === name);
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&apos;", '"': "&quot;" };
  return text.replace(/[<>&'"]/g, (char) => entities[char] as string);
}

interface OpenElement {
  name: string;
  namespace: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/**
 * Cuts one XML stream into its top-level elements. It is not the project's own parser on purpose: the peers' tests
 * would not see what both of its users misread alike.
 */
export class StanzaReader {
  private readonly parser = new SaxesParser({ xmlns: true });
  private readonly open: OpenElement[] = [];

  constructor(onElement: (element: Element) => void, onEnd: (error?: Error) => void) {
    this.parser.on("error", onEnd);
    this.parser.on("opentag", ({ local, uri, attributes }) => {
      const plain = Object.values(attributes).map(({ name, value }) => [name, value]);
      this.open.push({ name: local, namespace: uri, attributes: Object.fromEntries(plain), children: [], text: "" });
    });
    this.parser.on("text", (text) => {
      const innermost = this.open.at(-1);
      if (innermost !== undefined) innermost.text += text;
    });
    this.parser.on("closetag", () => {
      const element = this.open.pop() as OpenElement;
      if (this.open.length === 0) onEnd();
      else if (this.open.length === 1) onElement(element);
      else this.open.at(-1)?.children.push(element);
    });
  }

  write(text: string): void {
    this.parser.write(text);
  }
}
