import { describe, expect, test } from "@jest/globals";
import { elements, textOf } from "../../../src/stream/xml/element";
import { eventsOf, header, Recorder } from "./recorder";

const server = "jabber:server";
const el = (name: string, ns: string, attrs: Record<string, string>, ...children: unknown[]) => ({
  name,
  ns,
  attrs,
  children,
});

/** The stanzas of a stream, read in one piece and byte by byte. */
function stanzasOf(text: string | Buffer): unknown[] {
  const bytes = Buffer.concat([Buffer.from(header), Buffer.from(text)]);
  const events = eventsOf(bytes);
  expect(eventsOf(bytes, 1)).toEqual(events);
  return events.slice(1).map((event) => (event.kind === "stanza" ? event.el : event));
}

describe("valid input", () => {
  test.each<[string, string, unknown]>([
    ["empty element", "<a/>", el("a", server, {})],
    ["end tag with white space", "<a></a\n >", el("a", server, {})],
    ["attributes in both quotes", `<a b="it's" c='"'/>`, el("a", server, { b: "it's", c: '"' })],
    ["XML's own entities", "<a>&lt;&gt;&amp;&apos;&quot;</a>", el("a", server, {}, "<>&'\"")],
    ["numeric references", "<a b='&#9;&#x41;'>&#128512;&#x1F600;</a>", el("a", server, { b: "\tA" }, "😀😀")],
    ["white space in attributes is normalised", "<a b='1\n2\t3'/>", el("a", server, { b: "1 2 3" })],
    ["line ends are normalised", "<a>1\r\n2\r3\n</a>", el("a", server, {}, "1\n2\n3\n")],
    ["CDATA is text", "<a>1<![CDATA[<&]]]>2</a>", el("a", server, {}, "1<&]2")],
    ["'>' and ']]' in text", "<a>]] > ]></a>", el("a", server, {}, "]] > ]>")],
    [
      "mixed content keeps its order",
      "<a>1<b/>2<c/></a>",
      el("a", server, {}, "1", el("b", server, {}), "2", el("c", server, {})),
    ],
    [
      "default namespace of the stream",
      "<message><body/></message>",
      el("message", server, {}, el("body", server, {})),
    ],
    ["prefix of the stream's header", "<db:result>k</db:result>", el("result", "jabber:server:dialback", {}, "k")],
    [
      "own default namespace, inherited",
      "<iq><ping xmlns='urn:p'><x/></ping><y/></iq>",
      el("iq", server, {}, el("ping", "urn:p", {}, el("x", "urn:p", {})), el("y", server, {})),
    ],
    [
      "own prefix, shadowing the stream's",
      "<db:a xmlns:db='urn:q'><db:b/></db:a>",
      el("a", "urn:q", {}, el("b", "urn:q", {})),
    ],
    ["no namespace", "<a xmlns=''><b/></a>", el("a", "", {}, el("b", "", {}))],
    [
      "xml:lang is kept, other prefixed attributes are not",
      "<a xml:lang='en' xml:space='x' xmlns:p='u' p:q='r' s='t'/>",
      el("a", server, { "xml:lang": "en", s: "t" }),
    ],
    ["names beyond ASCII", "<ä ö='ü'/>", el("ä", server, { ö: "ü" })],
  ])("%s", (_, text, expected) => {
    expect(stanzasOf(text)).toEqual([expected]);
  });

  test.each([
    ["no declaration", header],
    ["declaration", `<?xml version='1.0'?>${header}`],
    ["declaration with encoding in lower case", `<?xml version="1.0" encoding="utf-8"?>${header}`],
    ["declaration with standalone", `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n${header}`],
    ["white space before the header", `\n ${header}`],
  ])("header: %s", (_, text) => {
    const bytes = Buffer.from(text);
    const expected = {
      kind: "header",
      header: {
        name: "stream",
        ns: "http://etherx.jabber.org/streams",
        attrs: { from: "a.example", to: "b.example", version: "1.0" },
        declared: {
          "": "jabber:server",
          stream: "http://etherx.jabber.org/streams",
          db: "jabber:server:dialback",
        },
      },
    };
    expect(eventsOf(bytes)).toEqual([expected]);
    expect(eventsOf(bytes, 1)).toEqual([expected]);
  });

  test("gives a stanza out as soon as its last byte is there", () => {
    const recorder = new Recorder();
    recorder.feed(`${header}<a><b/></a`);
    expect(recorder.stanzas).toHaveLength(0);
    recorder.feed(">");
    expect(recorder.stanzas).toHaveLength(1);
  });

  test("joins characters that chunks cut in two", () => {
    const bytes = Buffer.from("<a b='é'>日本😀</a>");
    for (let cut = 0; cut <= bytes.length; cut++) {
      const recorder = new Recorder();
      recorder.feed(header);
      recorder.feed(bytes.subarray(0, cut));
      recorder.feed(bytes.subarray(cut));
      expect(recorder.stanzas).toEqual([el("a", server, { b: "é" }, "日本😀")]);
    }
  });

  test("keeps no view of a chunk that the caller may reuse", () => {
    const recorder = new Recorder();
    recorder.feed(header);
    const chunk = Buffer.from("<a>é");
    recorder.feed(chunk.subarray(0, chunk.length - 1));
    chunk.fill(0);
    recorder.feed(Buffer.from([0xa9]));
    recorder.feed("</a>");
    expect(recorder.stanzas).toEqual([el("a", server, {}, "é")]);
  });

  test("takes the end of the stream, and white space after it", () => {
    for (const ending of ["</stream:stream>", "</stream:stream>\r\n", "\n</stream:stream > "]) {
      const bytes = Buffer.from(header + ending);
      expect(eventsOf(bytes).map((event) => event.kind)).toEqual(["header", "end"]);
      expect(eventsOf(bytes, 1).map((event) => event.kind)).toEqual(["header", "end"]);
    }
  });

  test("takes a stream that ends with its header", () => {
    const bytes = Buffer.from("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>");
    expect(eventsOf(bytes).map((event) => event.kind)).toEqual(["header", "end"]);
  });
});

describe("names from Object.prototype", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

  test.each(names)("an attribute %s is an attribute like any other", (name) => {
    const [stanza] = new OpenStream(`<a ${name}='x'/>`).stanzas;
    expect(Object.entries(stanza?.attrs ?? {})).toEqual([[name, "x"]]);
    expect(stanza?.attrs[name]).toBe("x");
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test.each(names)("an element %s is an element like any other", (name) => {
    const [stanza] = new OpenStream(`<${name}><${name}>1</${name}></${name}>`).stanzas;
    expect(stanza?.name).toBe(name);
    expect(stanza && elements(stanza).map(textOf)).toEqual(["1"]);
  });

  test.each(names)("a lookup of %s finds nothing where the peer sent none", (name) => {
    const [without, withOther] = new OpenStream("<a/><a b='c'/>").stanzas;
    expect(without?.attrs[name]).toBeUndefined();
    expect(withOther?.attrs[name]).toBeUndefined();
  });

  test.each(names)("a prefix %s resolves to what was declared, and only there", (name) => {
    const recorder = new OpenStream(`<${name}:a xmlns:${name}='u'/><${name}:a/>`);
    expect(recorder.stanzas.map((stanza) => stanza.ns)).toEqual(["u"]);
    expect(recorder.error?.condition).toBe("not-well-formed");
  });

  test("a prefix __proto__ in the header is a declaration like any other", () => {
    const recorder = new Recorder();
    recorder.feed("<s xmlns='a' xmlns:__proto__='b' __proto__='c'>");
    const [event] = recorder.events;
    expect(event?.kind === "header" && Object.entries(event.header.declared)).toEqual([
      ["", "a"],
      ["__proto__", "b"],
    ]);
    expect(event?.kind === "header" && Object.entries(event.header.attrs)).toEqual([["__proto__", "c"]]);
  });
});

class OpenStream extends Recorder {
  constructor(stanzas: string) {
    super();
    this.feed(header);
    this.feed(stanzas);
  }
}
