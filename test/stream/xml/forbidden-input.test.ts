import { describe, expect, test } from "@jest/globals";
import { eventsOf, header, Recorder } from "./recorder";

const bytes = (...values: number[]) => Buffer.from(values);
const utf16 = (text: string, mark: string) => Buffer.from(mark + text, "utf16le");
const stanza = (content: string | Buffer) =>
  Buffer.concat([Buffer.from(`${header}<message><body>`), Buffer.from(content), Buffer.from("</body></message>")]);

describe("input that RFC 6120 section 11 or XML forbids", () => {
  test.each<[string, Buffer | string, string, string]>([
    // RFC 6120 section 11.1
    ["document type before the stream", `<!DOCTYPE stream>${header}`, "restricted-xml", "xml-doctype"],
    [
      "internal subset with nested entities",
      `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${header}`,
      "restricted-xml",
      "xml-doctype",
    ],
    ["document type within the stream", `${header}<!DOCTYPE x><a/>`, "restricted-xml", "xml-doctype"],
    ["control character in a document type", "<!DOCTYPE \x01>", "restricted-xml", "xml-doctype"],
    ["comment before the stream", `<!-- x -->${header}`, "restricted-xml", "xml-comment"],
    ["comment between stanzas", `${header}<!-- x --><a/>`, "restricted-xml", "xml-comment"],
    ["comment in a stanza", stanza("<!-- x -->"), "restricted-xml", "xml-comment"],
    ["two hyphens in a comment", stanza("<!-- -- -->"), "restricted-xml", "xml-comment"],
    ["processing instruction before the stream", `<?php x?>${header}`, "restricted-xml", "xml-processing-instruction"],
    ["processing instruction in a stanza", stanza("<?x y?>"), "restricted-xml", "xml-processing-instruction"],
    ["XML declaration in capitals", `<?XML version='1.0'?>${header}`, "restricted-xml", "xml-processing-instruction"],
    ["entity of HTML", stanza("&nbsp;"), "restricted-xml", "xml-entity"],
    ["entity in an attribute", `${header}<a b='&foo;'/>`, "restricted-xml", "xml-entity"],
    ["entity with a name from Object.prototype", stanza("&constructor;"), "restricted-xml", "xml-entity"],
    ["entity named __proto__", stanza("&__proto__;"), "restricted-xml", "xml-entity"],
    ["reference of a thousand digits", stanza(`&#${"0".repeat(1000)}65;`), "restricted-xml", "xml-entity"],
    ["entity with a long name that does not end", stanza(`&${"a".repeat(1000)}`), "restricted-xml", "xml-entity"],
    // The XML declaration
    ["XML 1.1", `<?xml version='1.1'?>${header}`, "restricted-xml", "xml-version"],
    [
      "another encoding",
      `<?xml version='1.0' encoding='ISO-8859-1'?>${header}`,
      "unsupported-encoding",
      "xml-encoding",
    ],
    ["declared as UTF-16", `<?xml version='1.0' encoding='UTF-16'?>${header}`, "unsupported-encoding", "xml-encoding"],
    ["declaration without a version", `<?xml encoding='UTF-8'?>${header}`, "not-well-formed", "xml-malformed"],
    ["declaration that is not first", ` <?xml version='1.0'?>${header}`, "not-well-formed", "xml-malformed"],
    ["second declaration", `<?xml version='1.0'?><?xml version='1.0'?>${header}`, "not-well-formed", "xml-malformed"],
    ["declaration between stanzas", `${header}<?xml version='1.0'?>`, "not-well-formed", "xml-malformed"],
    // RFC 6120 section 11.6
    ["UTF-16LE with its mark", utf16(header, "\ufeff"), "unsupported-encoding", "xml-encoding"],
    ["UTF-16BE with its mark", utf16(header, "\ufeff").swap16(), "unsupported-encoding", "xml-encoding"],
    ["UTF-16LE without a mark", utf16(header, ""), "unsupported-encoding", "xml-encoding"],
    ["UTF-16BE without a mark", utf16(header, "").swap16(), "unsupported-encoding", "xml-encoding"],
    ["UTF-32BE", bytes(0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c), "unsupported-encoding", "xml-encoding"],
    ["byte order mark in UTF-8", `\ufeff${header}`, "not-well-formed", "xml-malformed"],
    ["overlong '/'", stanza(bytes(0xc0, 0xaf)), "not-well-formed", "xml-encoding"],
    ["overlong in three bytes", stanza(bytes(0xe0, 0x80, 0xaf)), "not-well-formed", "xml-encoding"],
    ["surrogate in UTF-8", stanza(bytes(0xed, 0xa0, 0x80)), "not-well-formed", "xml-encoding"],
    [
      "surrogate pair in UTF-8 (CESU-8)",
      stanza(bytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)),
      "not-well-formed",
      "xml-encoding",
    ],
    ["beyond U+10FFFF", stanza(bytes(0xf4, 0x90, 0x80, 0x80)), "not-well-formed", "xml-encoding"],
    ["continuation byte alone", stanza(bytes(0x80)), "not-well-formed", "xml-encoding"],
    ["character cut short", stanza(bytes(0xf0, 0x9f, 0x98)), "not-well-formed", "xml-encoding"],
    ["Latin-1", stanza(Buffer.from("caf\xe9", "latin1")), "not-well-formed", "xml-encoding"],
    // Well-formedness: XML 1.0
    ["control character", stanza("\x01"), "not-well-formed", "xml-malformed"],
    ["NUL", stanza("\0"), "not-well-formed", "xml-malformed"],
    ["U+FFFF", stanza("\uffff"), "not-well-formed", "xml-malformed"],
    ["reference to NUL", stanza("&#0;"), "not-well-formed", "xml-malformed"],
    ["reference to a surrogate", stanza("&#xD800;"), "not-well-formed", "xml-malformed"],
    ["reference beyond Unicode", stanza("&#x110000;"), "not-well-formed", "xml-malformed"],
    ["reference with a capital X", stanza("&#X41;"), "not-well-formed", "xml-malformed"],
    ["reference without a name", stanza("&;"), "not-well-formed", "xml-malformed"],
    ["bare '&' without a ';' behind it", stanza("a & b"), "not-well-formed", "xml-malformed"],
    ["bare '&' with a ';' behind other markup", stanza("&</body><body>;"), "not-well-formed", "xml-malformed"],
    ["'&' before a quote", `${header}<a b='&'/><c d=';'/>`, "not-well-formed", "xml-malformed"],
    ["end tag of another element", `${header}<a><b></a></b>`, "not-well-formed", "xml-malformed"],
    ["end tag with an attribute", `${header}<a></a b='c'>`, "not-well-formed", "xml-malformed"],
    ["duplicate attribute", `${header}<a b='1' b='2'/>`, "not-well-formed", "xml-malformed"],
    ["attribute without a value", `${header}<a b/>`, "not-well-formed", "xml-malformed"],
    ["attribute without quotes", `${header}<a b=c/>`, "not-well-formed", "xml-malformed"],
    ["attributes without white space between", `${header}<a b='1'c='2'/>`, "not-well-formed", "xml-malformed"],
    ["'<' in an attribute", `${header}<a b='<'/>`, "not-well-formed", "xml-malformed"],
    ["']]>' in text", stanza("]]>"), "not-well-formed", "xml-malformed"],
    ["name that begins with a digit", `${header}<1a/>`, "not-well-formed", "xml-malformed"],
    ["space before the name", `${header}< a/>`, "not-well-formed", "xml-malformed"],
    ["unknown declaration", `${header}<!ELEMENT a>`, "not-well-formed", "xml-malformed"],
    ["text before the stream", `x${header}`, "not-well-formed", "xml-malformed"],
    // Well-formedness: Namespaces in XML
    ["undeclared prefix of an element", `${header}<x:a/>`, "not-well-formed", "xml-malformed"],
    ["undeclared prefix of an attribute", `${header}<a x:b='c'/>`, "not-well-formed", "xml-malformed"],
    [
      "attribute that two prefixes make the same",
      `${header}<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>`,
      "not-well-formed",
      "xml-malformed",
    ],
    ["prefix bound to nothing", `${header}<a xmlns:x=''/>`, "not-well-formed", "xml-malformed"],
    ["namespace name of white space", `${header}<a xmlns=' '/>`, "not-well-formed", "xml-namespace-name"],
    [
      "namespace name that trimming would change",
      `${header}<a xmlns=' jabber:client'/>`,
      "not-well-formed",
      "xml-namespace-name",
    ],
    ["two colons in a name", `${header}<db:a:b/>`, "not-well-formed", "xml-malformed"],
    ["prefix xml bound anew", `${header}<a xmlns:xml='u'/>`, "not-well-formed", "xml-malformed"],
    ["prefix xmlns declared", `${header}<a xmlns:xmlns='u'/>`, "not-well-formed", "xml-malformed"],
    [
      "namespace of xml as the default",
      `${header}<a xmlns='http://www.w3.org/XML/1998/namespace'/>`,
      "not-well-formed",
      "xml-malformed",
    ],
    [
      "undeclared prefix with a name from Object.prototype",
      `${header}<constructor:a/>`,
      "not-well-formed",
      "xml-malformed",
    ],
    // Between and after the stanzas
    ["text between stanzas", `${header}hello`, "not-well-formed", "xml-text-between-stanzas"],
    ["text between stanzas, as a reference", `${header}&#65;<a/>`, "not-well-formed", "xml-text-between-stanzas"],
    ["CDATA between stanzas", `${header}<![CDATA[ ]]><a/>`, "not-well-formed", "xml-text-between-stanzas"],
    ["CDATA before the stream", `<![CDATA[x]]>${header}`, "not-well-formed", "xml-malformed"],
    ["no-break space between stanzas", `${header}\u00a0`, "not-well-formed", "xml-text-between-stanzas"],
    ["second root", `${header}</stream:stream>${header}`, "not-well-formed", "xml-after-end"],
    ["text after the end", `${header}</stream:stream>x`, "not-well-formed", "xml-after-end"],
    ["comment after the end", `${header}</stream:stream> <!-- x -->`, "not-well-formed", "xml-after-end"],
    [
      "bytes after the end",
      Buffer.concat([Buffer.from(`${header}</stream:stream>`), bytes(0xff, 0)]),
      "not-well-formed",
      "xml-after-end",
    ],
    // Not XML at all
    ["HTTP", "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n", "not-well-formed", "xml-malformed"],
    ["SSH", "SSH-2.0-OpenSSH_9.2\r\n", "not-well-formed", "xml-malformed"],
    ["SMTP", "EHLO a.example\r\n", "not-well-formed", "xml-malformed"],
    [
      "TLS ClientHello",
      bytes(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x9a),
      "not-well-formed",
      "xml-malformed",
    ],
    ["SIP", "OPTIONS sip:b.example SIP/2.0\r\n", "not-well-formed", "xml-malformed"],
    ["JSON", '{"a":1}', "not-well-formed", "xml-malformed"],
  ])("%s", (_, input, condition, code) => {
    const whole = Buffer.from(input);
    expect(eventsOf(whole).at(-1)).toEqual({ kind: "error", condition, code });
    // The same, byte by byte, and with the same events before it.
    expect(eventsOf(whole, 1)).toEqual(eventsOf(whole));
  });

  test("gives out the stanzas before the fault", () => {
    const recorder = new Recorder();
    recorder.feed(`${header}<a/><b/><!-- x --><c/>`);
    expect(recorder.stanzas.map((el) => el.name)).toEqual(["a", "b"]);
  });

  test("throws the same error again when fed after it", () => {
    const recorder = new Recorder();
    recorder.feed("<!DOCTYPE x>");
    expect(recorder.error).toBeDefined();
    expect(() => recorder.parser.feed(Buffer.from(header))).toThrow(recorder.error as Error);
    expect(recorder.events).toHaveLength(1);
  });

  test("never quotes the peer's bytes in its message", () => {
    for (const input of [
      `${header}<secret:a/>`,
      stanza("&secret;"),
      `${header}<a secret='1' secret='2'/>`,
      `${header}<a></secret>`,
    ]) {
      const recorder = new Recorder();
      recorder.feed(Buffer.from(input));
      expect(recorder.error?.message).toMatch(/./);
      expect(recorder.error?.message).not.toContain("secret");
    }
  });
});
