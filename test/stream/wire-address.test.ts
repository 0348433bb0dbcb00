import { describe, expect, test } from "@jest/globals";
import { serverNamespace } from "../../src/stream/namespaces";
import { elementText, wireAddress } from "../../src/stream/wire-address";
import { xml } from "../../src/stream/xml/element";

test.each([
  ["contoso.example", "contoso.example"],
  ["alice@contoso.example/desk", "alice@contoso.example/desk"],
  ["xn--bcher-kva.example", "bücher.example"],
  ["juliet@xn--bcher-kva.example/balcony", "juliet@bücher.example/balcony"],
  ["juliet@shop.xn--bcher-kva.example", "juliet@shop.bücher.example"],
  ["xn--bcher-kva@contoso.example/xn--bcher-kva", "xn--bcher-kva@contoso.example/xn--bcher-kva"],
  ["contoso.example/a@xn--bcher-kva.example", "contoso.example/a@xn--bcher-kva.example"],
  ["juliet@bücher.example", "juliet@bücher.example"],
])("%s goes over the wire as %s", (prepared, written) => {
  expect(wireAddress(prepared)).toBe(written);
});

test("an A-label that encodes nothing stays as it is", () => {
  expect(wireAddress("juliet@xn--\u{1f}.example")).toBe("juliet@xn--\u{1f}.example");
});

describe("the text of an element", () => {
  const [ours, theirs] = ["alice@xn--bro-hoa.example", "juliet@xn--bcher-kva.example"];

  test("has its addresses in U-labels and the rest as it is", () => {
    const body = xml("body", serverNamespace, {}, theirs);
    expect(elementText(xml("message", serverNamespace, { from: ours, to: theirs, id: theirs }, body))).toBe(
      `<message from='alice@büro.example' to='juliet@bücher.example' id='${theirs}'><body>${theirs}</body></message>`,
    );
  });

  test("gains no address that it did not have", () => {
    expect(elementText(xml("presence", serverNamespace, { to: theirs }))).toBe(
      "<presence to='juliet@bücher.example'/>",
    );
    expect(elementText(xml("presence", serverNamespace))).toBe("<presence/>");
  });
});
