import { execFileSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { templateExtension } from "../../../src/certificate/request/template";

/** What openssl reads of the extension's value. */
const parsed = (value: Buffer) =>
  execFileSync("openssl", ["asn1parse", "-inform", "DER"], { input: value, encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.*?(prim|cons): */, "").replace(/ +/g, ""));

describe("a certificate template", () => {
  it("is written by its name as BMPString", () => {
    const { oid, value } = templateExtension("WebServer");
    expect(oid).toBe("1.3.6.1.4.1.311.20.2");
    expect(value.toString("hex")).toBe("1e12005700650062005300650072007600650072");
  });

  it.each([
    ["1.3.6.1.4.1.311.21.8.1", ["SEQUENCE", "OBJECT:1.3.6.1.4.1.311.21.8.1"]],
    ["1.3.6.1.4.1.311.21.8.16056912.2:100", ["SEQUENCE", "OBJECT:1.3.6.1.4.1.311.21.8.16056912.2", "INTEGER:64"]],
    [
      "1.3.6.1.4.1.311.21.8.128.127:200.3",
      ["SEQUENCE", "OBJECT:1.3.6.1.4.1.311.21.8.128.127", "INTEGER:C8", "INTEGER:03"],
    ],
  ])("is written by its identifier %s", (template, expected) => {
    const { oid, value } = templateExtension(template);
    expect([oid, parsed(value)]).toEqual(["1.3.6.1.4.1.311.21.7", expected]);
  });

  it.each(["", " ", "Web\nServer", "x".repeat(65), "Wéb"])("is refused where it is neither: %j", (template) => {
    expect(() => templateExtension(template)).toThrow(expect.objectContaining({ code: "bad-template" }));
  });
});
