import { describe, expect, test } from "@jest/globals";
import { type Element, xml } from "../../../src/stream/xml/element";
import { escapeAttribute, escapeText, serialise, UnprintableXmlError } from "../../../src/stream/xml/serialise";

const server = "jabber:server";
const streams = "http://etherx.jabber.org/streams";
const dialback = "jabber:server:dialback";
const tls = "urn:ietf:params:xml:ns:xmpp-tls";

describe("serialise", () => {
  test.each<[string, Element, string]>([
    [
      "a stanza in the default namespace",
      xml("message", server, { to: "a" }, xml("body", server, {}, "hi")),
      "<message to='a'><body>hi</body></message>",
    ],
    [
      "another namespace, inherited by its children",
      xml("iq", server, {}, xml("q", "urn:q", {}, xml("r", "urn:q"))),
      "<iq><q xmlns='urn:q'><r/></q></iq>",
    ],
    [
      "back to the stream's namespace",
      xml("q", "urn:q", {}, xml("r", server)),
      "<q xmlns='urn:q'><r xmlns='jabber:server'/></q>",
    ],
    ["no namespace", xml("q", "", {}), "<q xmlns=''/>"],
    [
      "features with the prefix of streams",
      xml("features", streams, {}, xml("starttls", tls, {}, xml("required", tls))),
      `<stream:features><starttls xmlns='${tls}'><required/></starttls></stream:features>`,
    ],
    [
      "children of a prefixed element in the default namespace",
      xml("error", streams, {}, xml("a", server)),
      "<stream:error><a/></stream:error>",
    ],
    [
      "dialback with its prefix",
      xml("result", dialback, { from: "a", to: "b" }, "key"),
      "<db:result from='a' to='b'>key</db:result>",
    ],
    ["xml:lang", xml("message", server, { "xml:lang": "de" }), "<message xml:lang='de'/>"],
    ["namespace that must be escaped", xml("a", "u'&<"), "<a xmlns='u&apos;&amp;&lt;'/>"],
    ["attributes that were left out", xml("a", server, { b: undefined, c: "1" }), "<a c='1'/>"],
    ["empty text", xml("a", server, {}, ""), "<a/>"],
  ])("prints %s", (_, el, printed) => {
    expect(serialise(el, server)).toBe(printed);
  });

  test("prints without a prefix what is the default namespace in scope", () => {
    expect(serialise(xml("a", dialback), dialback)).toBe("<a/>");
  });

  test("declares what the given prefixes do not cover", () => {
    expect(serialise(xml("result", dialback), server, new Map())).toBe("<result xmlns='jabber:server:dialback'/>");
  });

  test.each(["", "a b", "a>", "1a", "-a", "a:b", "a='b'", "a\n", "a/", "xmlns", "\u00d7", "😀 "])(
    "refuses the name %j",
    (name) => {
      const refused = expect.objectContaining({ code: "xml-unprintable-name" });
      expect(() => serialise(xml(name, server), server)).toThrow(refused);
      expect(() => serialise(xml("a", server, { [name]: "1" }), server)).toThrow(refused);
    },
  );

  test.each(["\0", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\ufffe", "\uffff", "\ud800", "\udc00", "\udc00\ud800"])(
    "refuses text with %j",
    (character) => {
      const refused = expect.objectContaining({ code: "xml-unprintable-character" });
      expect(() => serialise(xml("a", server, {}, `b${character}`), server)).toThrow(refused);
      expect(() => serialise(xml("a", server, { b: `${character}c` }), server)).toThrow(refused);
      expect(() => serialise(xml("a", `u${character}`), server)).toThrow(refused);
    },
  );

  test("says which character cannot be written, where, and no other of the text", () => {
    expect(() => escapeText("secret\x01")).toThrow(UnprintableXmlError);
    expect(() => escapeText("secret\x01")).toThrow(/^U\+0001 at position 6 (?!.*secret)/);
  });
});

describe("escaping", () => {
  test.each([
    ["plain", "plain", "plain"],
    ["&<>'\"", "&amp;&lt;&gt;&apos;&quot;", "&amp;&lt;&gt;&apos;&quot;"],
    ["\t\n\r", "\t\n&#13;", "&#9;&#10;&#13;"],
    ["é日😀\u007f\u0085\u2028\ufffd", "é日😀\u007f\u0085\u2028\ufffd", "é日😀\u007f\u0085\u2028\ufffd"],
  ])("%j", (value, asText, asAttribute) => {
    expect(escapeText(value)).toBe(asText);
    expect(escapeAttribute(value)).toBe(asAttribute);
  });
});
