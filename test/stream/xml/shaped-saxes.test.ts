import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { EVENTS } from "saxes";
import { SaxesState, ShapedSaxes } from "../../../src/stream/xml/shaped-saxes";

setFlagsFromString("--allow-natives-syntax");
const hasFastProperties = runInThisContext("(value) => %HasFastProperties(value)") as (value: object) => boolean;

// The wrapper reads private fields of saxes. These tests fail if another version names or numbers them differently.
describe("the private side of saxes", () => {
  const shaped = () => new ShapedSaxes(() => {});

  test("keeps handlers in the slots that the constructor makes, so that none is added later", () => {
    const parser = shaped();
    const slots = Object.keys(parser);
    const used = [
      "xmldecl",
      "processinginstruction",
      "doctype",
      "comment",
      "cdata",
      "text",
      "attribute",
      "opentag",
      "closetag",
      "error",
    ] as const;
    for (const event of used) parser.on(event, () => {});
    expect(Object.keys(parser)).toEqual(slots);
    const handlers = Object.entries(parser).filter(([slot]) => slot.endsWith("Handler"));
    expect(handlers).toHaveLength(used.length);
    expect(handlers.every(([, handler]) => typeof handler === "function")).toBe(true);
    expect(EVENTS).toHaveLength(13);
  });

  test("stays an object of fixed shape, which a dictionary would make four times slower", () => {
    const parser = shaped();
    const events = ["xmldecl", "cdata", "text", "attribute", "opentag", "closetag", "error"] as const;
    for (const event of events) parser.on(event, () => {});
    parser.write("<a b='c'>d</a>");
    expect(hasFastProperties(parser)).toBe(true);
  });

  test.each([
    ["doctype", "<!DOCTYPE", SaxesState.doctype, SaxesState.doctype],
    ["the end of a doctype's subset", "<!DOCTYPE a [<?b ?", SaxesState.doctype, SaxesState.lastOfDoctype],
    ["text", "<a>b", SaxesState.text, SaxesState.text],
    ["entity", "<a>&b", SaxesState.entity, SaxesState.entity],
    ["comment", "<!--", SaxesState.comment, SaxesState.comment],
    ["comment that ends", "<!-- --", SaxesState.comment, SaxesState.lastOfComment],
    ["instruction", "<?a ", SaxesState.instructionBody, SaxesState.instructionBody],
    ["instruction that ends", "<?a ?", SaxesState.instructionBody, SaxesState.lastOfInstruction],
  ])("numbers its states as here: %s", (_, text, first, state) => {
    const parser = shaped();
    parser.on("doctype", () => {});
    parser.write(text);
    expect(parser.internals.state).toBe(state);
    expect(state).toBeGreaterThanOrEqual(first);
  });

  test("keeps unfinished text and references where they are read", () => {
    const parser = shaped();
    parser.on("text", () => {});
    parser.write("<a>bc");
    expect(parser.internals.text).toBe("bc");
    parser.write("&am");
    expect(parser.internals.entity).toBe("am");
  });

  test("stands on the byte behind '>' when it gives out a tag, and on the one behind '<' when it gives out text", () => {
    const parser = shaped();
    const at: [string, number][] = [];
    parser.on("opentag", () => at.push(["open", parser.internals.i]));
    parser.on("text", () => at.push(["text", parser.internals.i]));
    parser.on("closetag", () => at.push(["close", parser.internals.i]));
    parser.write("<a>b<c/>d</a>");
    expect(at).toEqual([
      ["open", 3],
      ["text", 5],
      ["open", 8],
      ["close", 8],
      ["text", 10],
      ["close", 13],
    ]);
  });

  test("asks about every reference before it takes it", () => {
    const asked: string[] = [];
    const parser = new ShapedSaxes((reference) => asked.push(reference));
    parser.write("<a b='&lt;'>&#65;</a>");
    expect(asked).toEqual(["lt", "#65"]);
  });
});
