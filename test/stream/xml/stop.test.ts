import { describe, expect, test } from "@jest/globals";
import { StreamParser } from "../../../src/stream/xml/parser";
import { header } from "./recorder";

const limits = { maxStanzaBytes: 10_000 };

function stoppingAt(name: string) {
  const seen: string[] = [];
  const parser: StreamParser = new StreamParser(
    {
      onStream: (opened) => note(opened.name),
      onStanza: (el) => note(el.name),
      onEnd: () => note("end"),
    },
    limits,
  );
  const note = (what: string) => {
    seen.push(what);
    if (what === name) parser.stop();
  };
  return { parser, seen };
}

describe("stop", () => {
  test.each([
    ["at the header", "stream", `${header}`, "<a/>"],
    ["at a stanza", "starttls", `${header}<starttls/>`, "<a/>"],
    ["at a stanza behind wide characters", "starttls", `${header}<a>é日😀</a><starttls/>`, "é<a/>"],
    ["at a stanza behind a carriage return", "starttls", `${header}\r<starttls/>`, "<a/>\r"],
    ["at the end", "end", `${header}</stream:stream>`, " x"],
  ])("ends the events within the chunk being fed: %s", (_, at, before, after) => {
    const { parser, seen } = stoppingAt(at);
    parser.feed(Buffer.from(before + after));
    expect(seen.at(-1)).toBe(at);
    expect(parser.unreadBytes).toBe(Buffer.byteLength(after));
  });

  test.each([
    ["plain XML", Buffer.from("<message/>")],
    ["XML that is not well-formed", Buffer.from("</nothing><<")],
    ["a TLS record", Buffer.from([0x16, 0x03, 0x01, 0xff, 0xfe, 0x00])],
    ["half a character", Buffer.from([0xe6, 0x97])],
  ])("counts as unread, and does not judge, what follows: %s", (_, after) => {
    const { parser, seen } = stoppingAt("starttls");
    parser.feed(Buffer.concat([Buffer.from(`${header}<starttls/>`), after]));
    expect(seen).toEqual(["stream", "starttls"]);
    expect(parser.unreadBytes).toBe(after.length);
    parser.feed(Buffer.from("<a/>"));
    expect(seen).toHaveLength(2);
  });

  test("counts the bytes of this chunk alone", () => {
    const { parser } = stoppingAt("starttls");
    parser.feed(Buffer.from(`${header}\r`));
    parser.feed(Buffer.from("<starttls/><a/>"));
    expect(parser.unreadBytes).toBe(4);
  });

  test("leaves nothing unread when nothing follows", () => {
    const { parser, seen } = stoppingAt("starttls");
    for (const byte of Buffer.from(`${header}<starttls/>`)) parser.feed(Buffer.from([byte]));
    expect(seen).toEqual(["stream", "starttls"]);
    expect(parser.unreadBytes).toBe(0);
  });

  test("holds between chunks too", () => {
    const { parser, seen } = stoppingAt("never");
    parser.feed(Buffer.from(`${header}<a`));
    parser.stop();
    parser.feed(Buffer.from("/><!-- -->"));
    expect(seen).toEqual(["stream"]);
  });
});

describe("what a handler throws", () => {
  test("comes out of feed as it is, and the parser gives no further event", () => {
    const fault = new TypeError("fault of the handler");
    const seen: string[] = [];
    const parser = new StreamParser(
      {
        onStream: () => {},
        onStanza: (el) => {
          seen.push(el.name);
          throw fault;
        },
        onEnd: () => seen.push("end"),
      },
      limits,
    );
    expect(() => parser.feed(Buffer.from(`${header}<a/><b/>`))).toThrow(fault);
    expect(() => parser.feed(Buffer.from("<c/>"))).toThrow(fault);
    expect(seen).toEqual(["a"]);
  });
});
