import { describe, expect, test } from "@jest/globals";
import { childNamed, elements, textOf, xml } from "../../../src/stream/xml/element";

const body = xml("body", "jabber:server", {}, "hello");
const html = xml("body", "http://www.w3.org/1999/xhtml", {}, "hello");
const message = xml("message", "jabber:server", {}, "a", html, "b", body, xml("body", "jabber:server"));

describe("reading a tree", () => {
  test("childNamed finds the first of that name and namespace", () => {
    expect(childNamed(message, "body", "jabber:server")).toBe(body);
    expect(childNamed(message, "body", "http://www.w3.org/1999/xhtml")).toBe(html);
    expect(childNamed(message, "body", "")).toBeUndefined();
    expect(childNamed(message, "subject", "jabber:server")).toBeUndefined();
  });

  test("elements leaves out text", () => {
    expect(elements(message).map((el) => el.ns)).toEqual([
      "http://www.w3.org/1999/xhtml",
      "jabber:server",
      "jabber:server",
    ]);
  });

  test("textOf joins the element's own text", () => {
    expect(textOf(message)).toBe("ab");
    expect(textOf(xml("a", ""))).toBe("");
  });
});

describe("xml", () => {
  test("joins text and drops what is empty", () => {
    expect(xml("a", "u", {}, "", "b", "", "c", body, "", "d").children).toEqual(["bc", body, "d"]);
  });

  test("leaves out attributes that are undefined", () => {
    expect(Object.entries(xml("a", "u", { b: undefined, c: "" }).attrs)).toEqual([["c", ""]]);
  });

  test.each(["__proto__", "constructor", "toString"])("gives attributes that inherit no %s", (name) => {
    expect(xml("a", "u", { b: "c" }).attrs[name]).toBeUndefined();
    expect(xml("a", "u").attrs[name]).toBeUndefined();
    expect(xml("a", "u", Object.fromEntries([[name, "v"]])).attrs[name]).toBe("v");
  });
});
