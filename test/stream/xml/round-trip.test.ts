import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Element, xml } from "../../../src/stream/xml/element";
import { serialise } from "../../../src/stream/xml/serialise";
import { runs } from "../../fuzz-runs";
import { eventsOf, header, Recorder } from "./recorder";

const name = fc.oneof(
  fc.constantFrom("message", "body", "a", "__proto__", "constructor", "x-1.b_c", "ä", "xmlnsx"),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter((text) => text !== "xmlns"),
);
const ns = fc.constantFrom(
  "jabber:server",
  "jabber:client",
  "jabber:server:dialback",
  "http://etherx.jabber.org/streams",
  "urn:xmpp:ping",
  "urn:a?b=1&c='2'",
  "",
);
const carried = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const text = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom(..."<>&'\"\t\n\r ]]>;#é日😀\u0085\u2028", "]]>", "&amp;", "\r\n", "<!--") }),
  )
  .filter((value) => carried.test(value));
const attrs = fc.dictionary(fc.oneof(name, fc.constant("xml:lang")), text, { maxKeys: 4 });

const { tree } = fc.letrec<{ tree: Element }>((tie) => ({
  tree: fc
    .tuple(
      name,
      ns,
      attrs,
      fc.array(fc.oneof({ maxDepth: 4, withCrossShrink: true }, text, tie("tree")), { maxLength: 4 }),
    )
    .map(([elName, elNs, elAttrs, children]) => xml(elName, elNs, elAttrs, ...(children as (Element | string)[]))),
}));

describe("parser and serialiser", () => {
  test("what is printed is read back as it was", () => {
    fc.assert(
      fc.property(tree, (el) => {
        const recorder = new Recorder();
        recorder.feed(header);
        recorder.feed(serialise(el, "jabber:server"));
        expect(recorder.events.slice(1)).toEqual([{ kind: "stanza", el }]);
      }),
      { numRuns: runs(500) },
    );
  });

  test("what is read back is printed as it was", () => {
    fc.assert(
      fc.property(tree, (el) => {
        const printed = serialise(el, "jabber:server");
        const recorder = new Recorder();
        recorder.feed(header + printed);
        expect(recorder.stanzas.map((stanza) => serialise(stanza, "jabber:server"))).toEqual([printed]);
      }),
      { numRuns: runs(200) },
    );
  });

  test("how bytes are split changes no event", () => {
    fc.assert(
      fc.property(
        fc.array(tree, { maxLength: 3 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (trees, sizes) => {
          const bytes = Buffer.from(
            `${header}${trees.map((el) => serialise(el, "jabber:server")).join("\r\n ")}</stream:stream>`,
          );
          expect(inChunks(bytes, sizes)).toEqual(eventsOf(bytes));
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test("how bytes are split changes no event, nor the error, when they are damaged", () => {
    const damage = fc.record({
      at: fc.nat(400),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.constantFrom(
          ..."<>&;'\"/=![]?- \r\n\0x#",
          "&x;",
          "<!--",
          "<!DOCTYPE",
          "<![CDATA[",
          "<?xml ",
          "]]>",
          "\ufeff",
          "xmlns:",
          "é",
        ),
        fc.uint8Array({ maxLength: 3 }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(tree, { maxLength: 2 }),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (trees, damages, sizes) => {
          let bytes = Buffer.from(
            `${header}${trees.map((el) => serialise(el, "jabber:server")).join(" ")}</stream:stream>`,
          );
          for (const { at, remove, insert } of damages) {
            bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert as string), bytes.subarray(at + remove)]);
          }
          const limits = { maxStanzaBytes: 300 };
          expect(inChunks(bytes, sizes, limits)).toEqual(eventsOf(bytes, undefined, limits));
        },
      ),
      { numRuns: runs(2000) },
    );
  });
});

function inChunks(bytes: Buffer, sizes: Iterable<number>, limits?: { maxStanzaBytes: number }) {
  const recorder = new Recorder(limits);
  const iterator = sizes[Symbol.iterator]();
  for (let at = 0; at < bytes.length; ) {
    const size = iterator.next().value as number;
    recorder.feed(bytes.subarray(at, at + size));
    at += size;
  }
  return recorder.events;
}
