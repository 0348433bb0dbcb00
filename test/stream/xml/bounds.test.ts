import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { eventsOf, header, Recorder } from "./recorder";

const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join("");
const last = (text: string) => eventsOf(Buffer.from(text)).at(-1);
const refusal = (code: string) => ({ kind: "error", condition: "policy-violation", code });

describe("the shape of a stanza", () => {
  const nested = (depth: number) => `${repeat(depth, () => "<a>")}${repeat(depth, () => "</a>")}`;

  test.each([
    ["31 elements within each other in the stream", nested(31), "stanza"],
    ["10,000 elements", `<a>${repeat(9_999, () => "<b/>")}</a>`, "stanza"],
    [
      "64 attributes and 16 namespaces",
      `<a ${repeat(64, (n) => ` b${n}='c'`)} ${repeat(16, (n) => ` xmlns:p${n}='u${n}'`)}/>`,
      "stanza",
    ],
    ["a name of 256 characters", `<${"a".repeat(256)} ${"b".repeat(256)}='c'/>`, "stanza"],
    ["a reference of 256 characters", `<a>&#${"0".repeat(253)}65;</a>`, "stanza"],
  ])("takes %s", (_, text, kind) => {
    expect(last(header + text)?.kind).toBe(kind);
  });

  test.each([
    ["32 elements within each other in the stream", nested(32), "xml-too-deep"],
    ["20,000 elements within each other", repeat(20_000, () => "<a>"), "xml-too-deep"],
    ["10,001 elements", `<a>${repeat(10_000, () => "<b/>")}</a>`, "xml-too-many-elements"],
    ["65 attributes", `<a ${repeat(65, (n) => ` b${n}='c'`)}/>`, "xml-too-many-attributes"],
    ["20,000 attributes", `<a ${repeat(20_000, (n) => ` b${n}='c'`)}`, "xml-too-many-attributes"],
    ["17 namespace declarations", `<a ${repeat(17, (n) => ` xmlns:p${n}='u'`)}/>`, "xml-too-many-namespaces"],
    ["20,000 namespace declarations", `<a ${repeat(20_000, (n) => ` xmlns:p${n}='u'`)}`, "xml-too-many-namespaces"],
    ["an element name of 257 characters", `<${"a".repeat(257)}/>`, "xml-name-too-long"],
    ["an attribute name of 257 characters", `<a ${"b".repeat(257)}='c'/>`, "xml-name-too-long"],
  ])("refuses %s", (_, text, code) => {
    expect(last(header + text)).toEqual(refusal(code));
  });

  test("counts elements for each stanza anew", () => {
    const events = eventsOf(Buffer.from(header + repeat(3, () => `<a>${repeat(9_000, () => "<b/>")}</a>`)));
    expect(events.map((event) => event.kind)).toEqual(["header", "stanza", "stanza", "stanza"]);
  });

  test("takes other limits", () => {
    const limits = { maxStanzaBytes: 1000, maxDepth: 2, maxAttributes: 1 };
    expect(eventsOf(Buffer.from("<s a='1'><a b='2'/>"), undefined, limits).at(-1)?.kind).toBe("stanza");
    expect(eventsOf(Buffer.from("<s a='1'><a><b/></a>"), undefined, limits).at(-1)).toEqual(refusal("xml-too-deep"));
    expect(eventsOf(Buffer.from("<s a='1' b='2'>"), undefined, limits).at(-1)).toEqual(
      refusal("xml-too-many-attributes"),
    );
  });
});

describe("the size of a stanza", () => {
  const limits = { maxStanzaBytes: 100 };
  const stream = "<s xmlns='u'>";
  const ofBytes = (bytes: number) => `<a>${"x".repeat(bytes - 7)}</a>`;
  const wide = (bytes: number) => `<a>${"é".repeat((bytes - 7) >> 1)}${"x".repeat((bytes - 7) & 1)}</a>`;

  describe.each([
    ["one chunk", undefined],
    ["chunks of 1", 1],
    ["chunks of 7", 7],
    ["chunks of 99", 99],
    ["chunks of 101", 101],
  ])("in %s", (_, chunkBytes) => {
    const events = (text: string) => eventsOf(Buffer.from(text), chunkBytes, limits);

    test("stanzas of exactly the limit pass, one after the other", () => {
      const kinds = events(stream + ofBytes(100) + wide(100) + ofBytes(99) + ofBytes(100)).map((event) => event.kind);
      expect(kinds).toEqual(["header", "stanza", "stanza", "stanza", "stanza"]);
    });

    test.each([
      ["ASCII", ofBytes(101)],
      ["two bytes a character", wide(102)],
      ["two bytes a character, cut at the limit", wide(101)],
    ])("a stanza beyond the limit is refused: %s", (_kind, text) => {
      const all = events(`${stream}<b/>${text}`);
      expect(all.map((event) => event.kind)).toEqual(["header", "stanza", "error"]);
      expect(all.at(-1)).toEqual(refusal("xml-too-large"));
    });

    test("white space before a stanza does not count against it", () => {
      const kinds = events(`${stream}${" \r\n".repeat(60)}${ofBytes(100)}${"\r".repeat(200)}${wide(100)}`).map(
        (event) => event.kind,
      );
      expect(kinds).toEqual(["header", "stanza", "stanza"]);
    });

    test.each([
      ["ASCII", ofBytes(101)],
      ["wide", wide(102)],
    ])("nor does it make room for a larger one: %s", (_kind, text) => {
      for (const before of [" ", "\r", "\r\n", "\n\r", "\r".repeat(6)]) {
        expect(events(stream + before + text).map((event) => event.kind)).toEqual(["header", "error"]);
      }
    });

    test("a header beyond the limit is refused", () => {
      expect(events(`<s a='${"x".repeat(92)}'>`).map((event) => event.kind)).toEqual(["header"]);
      expect(events(`<s a='${"x".repeat(93)}'>`).at(-1)).toEqual(refusal("xml-too-large"));
      expect(events(`${" ".repeat(100)}<s>`).at(-1)).toEqual(refusal("xml-too-large"));
    });
  });

  test("a limit that was raised holds for what follows", () => {
    const recorder = new Recorder(limits);
    recorder.feed(stream + ofBytes(100));
    recorder.parser.setMaxStanzaBytes(200);
    recorder.feed(ofBytes(200) + ofBytes(150));
    expect(recorder.stanzas).toHaveLength(3);
    recorder.feed(ofBytes(201));
    expect(recorder.events.at(-1)).toEqual(refusal("xml-too-large"));
  });

  test("a limit that was lowered below what has come already refuses the next byte", () => {
    const recorder = new Recorder(limits);
    recorder.feed(`${stream}<a>${"x".repeat(60)}`);
    recorder.parser.setMaxStanzaBytes(50);
    recorder.feed("x");
    expect(recorder.events.at(-1)).toEqual(refusal("xml-too-large"));
  });
});

describe("input without an end", () => {
  const endless = (start: string, piece: string) => {
    const recorder = new Recorder({ maxStanzaBytes: 10_000 });
    recorder.feed(header);
    recorder.feed(start);
    const chunk = Buffer.from(piece.repeat(Math.ceil(1460 / piece.length)));
    let fed = 0;
    while (recorder.feed(chunk) && fed < 1 << 20) fed += chunk.length;
    return { fed, event: recorder.events.at(-1) };
  };

  test.each([
    ["attribute", "<a b='", "x", "xml-too-large"],
    ["attribute of wide characters", "<a b='", "日", "xml-too-large"],
    ["text", "<a>", "x", "xml-too-large"],
    ["text of references", "<a>", "&#65;", "xml-too-large"],
    ["CDATA", "<a><![CDATA[", "x", "xml-too-large"],
    ["CDATA between stanzas", "<![CDATA[", "x", "xml-too-large"],
    ["element name", "<", "a", "xml-too-large"],
    ["attribute name", "<a ", "b", "xml-too-large"],
    ["end tag", "<a></", "a", "xml-too-large"],
    ["white space in a tag", "<a ", " ", "xml-too-large"],
    ["white space in a stanza", "<a>", " ", "xml-too-large"],
    ["children", "<a>", "<b/>", "xml-too-large"],
    ["white space between stanzas", "", " ", "xml-too-much-white-space"],
    ["carriage returns between stanzas", "", "\r", "xml-too-much-white-space"],
  ])("is refused at its limit: %s", (_, start, piece, code) => {
    const { fed, event } = endless(start, piece);
    expect(event).toEqual(refusal(code));
    expect(fed).toBeLessThan(70_000);
  });

  test("white space between stanzas is bounded between two stanzas, not over the stream", () => {
    const recorder = new Recorder({ maxStanzaBytes: 1000, maxWhitespaceBytes: 100 });
    recorder.feed(header);
    for (let round = 0; round < 50; round++) recorder.feed(`${" ".repeat(100)}<a/>`);
    expect(recorder.stanzas).toHaveLength(50);
    expect(recorder.parser.whitespaceBytes).toBe(5000);
    recorder.feed(" ".repeat(100));
    expect(recorder.error).toBeUndefined();
    recorder.feed(" ");
    expect(recorder.events.at(-1)).toEqual(refusal("xml-too-much-white-space"));
  });

  test("white space after the end of the stream is bounded", () => {
    const recorder = new Recorder({ maxStanzaBytes: 1000, maxWhitespaceBytes: 100 });
    recorder.feed(`${header}</stream:stream>${" ".repeat(100)}`);
    expect(recorder.error).toBeUndefined();
    recorder.feed("\n");
    expect(recorder.events.at(-1)).toEqual(refusal("xml-too-much-white-space"));
  });

  test("leaves no memory behind: white space between stanzas", () => {
    const recorder = new Recorder({ maxStanzaBytes: 1000, maxWhitespaceBytes: Number.POSITIVE_INFINITY });
    recorder.feed(header);
    const chunk = Buffer.alloc(1 << 16, " ");
    const before = heapInUse();
    for (let round = 0; round < 64; round++) recorder.feed(chunk);
    expect(heapInUse() - before).toBeLessThan(2 << 20);
    expect(recorder.parser.whitespaceBytes).toBe(4 << 20);
    recorder.feed("<a/>");
    expect(recorder.stanzas).toHaveLength(1);
  });

  test("leaves no memory behind: a stream whose header came in a large chunk", () => {
    const before = heapInUse();
    const recorders = Array.from({ length: 200 }, () => {
      const recorder = new Recorder();
      recorder.feed(`${header}${" ".repeat(60_000)}`);
      return recorder;
    });
    // 200 chunks of 60,000 characters are 12 MB, if the attributes of the headers keep them.
    expect(heapInUse() - before).toBeLessThan(6 << 20);
    expect(recorders.every((recorder) => recorder.events.length === 1)).toBe(true);
  });
});

/** Bytes of the heap that are still in use after a collection. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

describe("whitespaceBytes", () => {
  test("grows with each keep-alive byte at once, and with nothing else", () => {
    const recorder = new Recorder();
    recorder.feed(header);
    expect(recorder.parser.whitespaceBytes).toBe(0);
    recorder.feed(" ");
    expect(recorder.parser.whitespaceBytes).toBe(1);
    recorder.feed("\n");
    expect(recorder.parser.whitespaceBytes).toBe(2);
    recorder.feed("<a> <b/> </a>");
    expect(recorder.parser.whitespaceBytes).toBe(2);
    recorder.feed(" <a/>");
    expect(recorder.parser.whitespaceBytes).toBe(3);
  });
});
