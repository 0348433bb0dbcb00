import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { tracedElement, tracedText } from "../../../src/gateway/operation/trace-text";
import { CLOSE_STREAM, openStream } from "../../../src/stream/header";
import { dialbackNamespace, saslNamespace, serverNamespace } from "../../../src/stream/namespaces";
import { elementText } from "../../../src/stream/wire-address";
import { xml } from "../../../src/stream/xml/element";

const SECRET = "the secret";
const message = (...children: Parameters<typeof xml>[3][]) =>
  xml("message", serverNamespace, { from: "a@x.example", to: "b@y.example/desk", type: "chat", id: "1" }, ...children);

describe("what is hidden", () => {
  test.each([
    ["a body", message(xml("body", serverNamespace, {}, SECRET)), /<body>\[10 bytes\]<\/body>/],
    ["a subject", message(xml("subject", serverNamespace, {}, SECRET)), /<subject>\[10 bytes\]/],
    [
      "a status note",
      xml("presence", serverNamespace, {}, xml("status", serverNamespace, {}, SECRET)),
      /<status>\[10 b/,
    ],
    [
      "a body in another form",
      message(xml("html", "x:html", {}, xml("p", "x:body", {}, SECRET))),
      /<p xmlns='x:body'>\[/,
    ],
    ["text in an attribute", message(xml("x", "jabber:x:oob", { url: SECRET })), /url='\[10 bytes\]'/],
    ["text beside elements", message(SECRET, xml("active", "chatstates")), /\[10 bytes\]<active/],
    [
      "a dialback key",
      xml("result", dialbackNamespace, { from: "x", to: "y" }, SECRET),
      /<db:result .*>\[10 bytes\]<\//,
    ],
    [
      "a key that is asked about",
      xml("verify", dialbackNamespace, { id: "7" }, SECRET),
      /<db:verify id='7'>\[10 bytes\]/,
    ],
    ["SASL data", xml("auth", saslNamespace, { mechanism: "EXTERNAL" }, SECRET), /mechanism='EXTERNAL'>\[10 bytes\]/],
    ["the id of a resumption", xml("enabled", "urn:xmpp:sm:3", { id: SECRET, resume: "true" }), /id='\[10 bytes\]'/],
    ["what is resumed", xml("resume", "urn:xmpp:sm:3", { previd: SECRET, h: "1" }), /previd='\[10 bytes\]'/],
    [
      "an error's words",
      message(
        xml(
          "error",
          serverNamespace,
          { type: "cancel" },
          xml("text", "urn:ietf:params:xml:ns:xmpp-stanzas", {}, SECRET),
        ),
      ),
      /<error type='cancel'><text .*>\[10 bytes\]/,
    ],
  ])("%s", (_name, element, shown) => {
    expect(tracedElement(element)).toMatch(shown);
    expect(tracedElement(element)).not.toContain(SECRET);
    const written = tracedText(elementText(element)).join("");
    expect(written).toMatch(shown);
    expect(written).not.toContain(SECRET);
  });

  test("no text and no attribute but the few that are known, whatever the element", () => {
    const name = fc.constantFrom("body", "message", "x", "text", "status", "show2");
    const ns = fc.constantFrom(serverNamespace, "a", "b", dialbackNamespace);
    const { element } = fc.letrec<{ element: ReturnType<typeof xml> }>((tie) => ({
      element: fc
        .tuple(
          name,
          ns,
          fc.dictionary(fc.constantFrom("url", "jid", "node", "title"), fc.constant(SECRET)),
          fc.array(fc.oneof({ maxDepth: 4 }, fc.constant(SECRET), tie("element")), { maxLength: 3 }),
        )
        .map(([one, two, attrs, children]) =>
          xml(one, two, attrs, ...(children as (string | ReturnType<typeof xml>)[])),
        ),
    }));
    fc.assert(fc.property(element, (made) => !tracedElement(message(made)).includes(SECRET)));
  });
});

describe("what is shown", () => {
  test("addresses, ids, kinds and conditions", () => {
    expect(tracedElement(message(xml("composing", "chatstates")))).toBe(
      "<message from='a@x.example' to='b@y.example/desk' type='chat' id='1'><composing xmlns='chatstates'/></message>",
    );
  });

  test("our header, what we say and our close, each for itself", () => {
    const header = openStream({ from: "x.example", to: "y.example", id: "7" });
    const [opening, ...rest] = tracedText(header + elementText(message()) + CLOSE_STREAM);
    expect(opening).toMatch(/^<stream:stream .*from='x\.example'.*to='y\.example'.*>$/);
    expect(rest).toEqual([
      "<message from='a@x.example' to='b@y.example/desk' type='chat' id='1'/>",
      "</stream:stream>",
    ]);
  });

  test("an attribute cannot end itself", () => {
    expect(tracedElement(xml("message", serverNamespace, { id: "'><x a='&<" }))).toBe(
      "<message id='&apos;>&lt;x a=&apos;&amp;&lt;'/>".replace("&apos;>&lt;", "&apos;>&lt;"),
    );
  });

  test("what cannot be read again is shown by its size", () => {
    expect(tracedText("<message><body>half")).toEqual([]);
    expect(tracedText("</a>")).toEqual(["[4 bytes]"]);
  });

  test("much is cut", () => {
    const many = Array.from({ length: 5_000 }, (_, n) => xml(`x${n}`, "n"));
    expect(tracedElement(message(...(many as never[]))).length).toBeLessThan(4_200);
    let deep = xml("x", "n");
    for (let n = 0; n < 30; n++) deep = xml("x", "n", {}, deep);
    expect(tracedElement(deep)).toContain("[deeper elements]");
  });
});
