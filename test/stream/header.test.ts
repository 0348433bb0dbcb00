import { describe, expect, test } from "@jest/globals";
import { openStream, readHeader } from "../../src/stream/header";
import { StreamParser } from "../../src/stream/xml/parser";
import type { StreamHeader } from "../../src/stream/xml/tree-builder";

function parsed(text: string): StreamHeader {
  let header: StreamHeader | undefined;
  const handlers = {
    onStream: (one: StreamHeader) => {
      header = one;
    },
    onStanza: () => undefined,
    onEnd: () => undefined,
  };
  new StreamParser(handlers, { maxStanzaBytes: 10_000 }).feed(Buffer.from(text));
  return header!;
}
const STREAM = "xmlns:stream='http://etherx.jabber.org/streams'";
const read = (attributes: string) =>
  readHeader(parsed(`<stream:stream ${STREAM} xmlns='jabber:server' ${attributes}>`));

describe("reading a header", () => {
  test("takes what the peer wrote, unjudged", () => {
    expect(read("from='A.example' to='b c' id='1' version='1.0'")).toEqual({
      ok: true,
      header: { from: "A.example", to: "b c", id: "1", versioned: true, dialback: false },
    });
  });

  test.each([
    ["", false],
    ["version=''", false],
    ["version='0.9'", false],
    ["version='1.0'", true],
    ["version='1.1'", true],
    ["version='2.0'", true],
    ["version='10.0'", true],
    ["version='1'", false],
    ["version='one'", false],
    ["version='-1.0'", false],
    ["version='99999.0'", false],
  ])("%j has features: %s", (version, versioned) => {
    expect(read(version)).toMatchObject({ ok: true, header: { versioned } });
  });

  test.each(["db", "x"])("sees dialback declared under any prefix (%s)", (prefix) => {
    expect(read(`xmlns:${prefix}='jabber:server:dialback'`)).toMatchObject({ header: { dialback: true } });
  });

  test.each([
    ["another root", `<stream:features ${STREAM} xmlns='jabber:server'>`],
    ["another stream namespace", "<stream:stream xmlns:stream='urn:x' xmlns='jabber:server'>"],
    ["no stream namespace", "<stream xmlns='jabber:server'>"],
    ["the client's namespace", `<stream:stream ${STREAM} xmlns='jabber:client'>`],
    ["no default namespace", `<stream:stream ${STREAM}>`],
  ])("refuses %s", (_, text) => {
    expect(readHeader(parsed(text))).toMatchObject({ ok: false, error: { condition: "invalid-namespace" } });
  });

  test("takes an id of 256 characters and refuses a longer one", () => {
    expect(read(`id='${"i".repeat(256)}'`)).toMatchObject({ ok: true });
    expect(read(`id='${"i".repeat(257)}'`)).toMatchObject({ ok: false, error: { condition: "policy-violation" } });
  });
});

describe("writing a header", () => {
  test("declares what the stream needs, and reads back", () => {
    const header = parsed(openStream({ from: "a.example", to: "b.example", id: "<&'" }));
    expect(readHeader(header)).toEqual({
      ok: true,
      header: { from: "a.example", to: "b.example", id: "<&'", versioned: true, dialback: true },
    });
  });

  test("leaves out what is not known, and the version for a peer without one", () => {
    const text = openStream({ id: "1", versioned: false });
    expect(text).not.toMatch(/ from=| to=|<stream[^>]* version=/);
    expect(readHeader(parsed(text))).toMatchObject({ header: { versioned: false } });
  });
});
