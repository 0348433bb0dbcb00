import {
  dialbackNamespace,
  saslNamespace,
  serverNamespace,
  streamErrorsNamespace,
  streamsNamespace,
} from "../../stream/namespaces";
import { type Attributes, type Element, textOf } from "../../stream/xml/element";
import { type StreamHeader, StreamParser } from "../../stream/xml/parser";

/** Attributes that say how a stream is run and never what is said on it. Every other value is hidden. */
const SHOWN_ATTRIBUTES = new Set(["to", "from", "id", "type", "version", "xml:lang", "mechanism"]);
/** Texts that are no content: `namespace name` of their element. */
const SHOWN_TEXTS = new Set([
  `${saslNamespace} mechanism`,
  `${streamErrorsNamespace} text`,
  `${serverNamespace} show`,
  `${serverNamespace} priority`,
]);
/** Ids of XEP-0198 let their holder take a stream over. */
const RESUMPTION = /^urn:xmpp:sm:/;
const LONGEST = 4_096;
const DEEPEST = 8;
const LONGEST_VALUE = 256;

/**
 * An element as a trace shows it: names, addresses and conditions; bodies, notes, keys and SASL data only by their size.
 * What is not known to be harmless is hidden.
 */
export function tracedElement(el: Element): string {
  const text = elementText(el, serverNamespace, 0);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

export function tracedHeader({ attrs }: Pick<StreamHeader, "attrs">): string {
  return `<stream:stream${attributesText(attrs, "")}>`;
}

function elementText(el: Element, scope: string, depth: number): string {
  const prefix = el.ns === streamsNamespace ? "stream:" : el.ns === dialbackNamespace ? "db:" : "";
  const name = prefix + shortened(el.name);
  const declared = prefix !== "" || el.ns === scope ? "" : ` xmlns='${quoted(el.ns)}'`;
  const opening = `<${name}${declared}${attributesText(el.attrs, el.ns)}`;
  if (el.children.length === 0) return `${opening}/>`;
  if (depth >= DEEPEST) return `${opening}>[deeper elements]</${name}>`;
  const inner = prefix === "" ? el.ns : scope;
  let content = contentText(el);
  for (const child of el.children)
    if (typeof child !== "string" && content.length <= LONGEST) content += elementText(child, inner, depth + 1);
  return `${opening}>${content}</${name}>`;
}

function contentText(el: Element): string {
  const text = textOf(el);
  if (text === "") return "";
  if (SHOWN_TEXTS.has(`${el.ns} ${el.name}`)) return escaped(shortened(text));
  return `[${Buffer.byteLength(text)} bytes]`;
}

function attributesText(attrs: Attributes, ns: string): string {
  let text = "";
  for (const name in attrs) {
    const value = attrs[name] as string;
    const shown = SHOWN_ATTRIBUTES.has(name) && !(RESUMPTION.test(ns) && name === "id");
    text += ` ${shortened(name)}='${shown ? quoted(value) : `[${Buffer.byteLength(value)} bytes]`}'`;
    if (text.length > LONGEST) break;
  }
  return text;
}

const shortened = (text: string) => (text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text);
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const quoted = (text: string) => escaped(shortened(text)).replace(/'/g, "&apos;");

const HEADER = `<stream:stream xmlns='${serverNamespace}' xmlns:stream='${streamsNamespace}' xmlns:db='${dialbackNamespace}'>`;
/** Ours are never longer than what a peer may send. */
const LIMITS = { maxStanzaBytes: 1024 * 1024 };

/** What we write, read again so that it is shown as what comes in is. */
export function tracedText(written: string): string[] {
  const isHeader = /^(?:<\?xml|<stream:stream)/.test(written);
  const shown: string[] = [];
  let own = isHeader;
  const parser = new StreamParser(
    {
      onStream: (header) => {
        if (own) shown.push(tracedHeader(header));
        own = true;
      },
      onStanza: (el) => void shown.push(tracedElement(el)),
      onEnd: () => void shown.push("</stream:stream>"),
    },
    LIMITS,
  );
  try {
    parser.feed(Buffer.from(isHeader ? written : HEADER + written));
  } catch {
    shown.push(`[${Buffer.byteLength(written)} bytes]`);
  }
  return shown;
}
