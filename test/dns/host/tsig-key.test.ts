import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DnsHostError } from "../../../src/dns/host";
import { parseTsigKey } from "../../../src/dns/host/tsig-key";

const octets = Buffer.from("sixteen octets, and a few more");
const secret = octets.toString("base64");
const key = { name: "update.contoso.example", algorithm: "hmac-sha256", secret: octets };

describe("a TSIG key file", () => {
  test.each([
    ["of tsig-keygen", `key "Update.contoso.example" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`],
    [
      "of tsig-keygen, the other way round",
      `key update.contoso.example. { secret "${secret}"; algorithm HMAC-SHA256; };`,
    ],
    [
      "of keymgr",
      `# hmac-sha256:update.contoso.example:${secret}\nkey:\n  - id: update.contoso.example.\n    algorithm: hmac-sha256\n    secret: ${secret}\n`,
    ],
    ["as kdig takes it", `hmac-sha256:update.contoso.example.:${secret}\n`],
  ])("%s is read", (_, text) => {
    expect(parseTsigKey(text)).toEqual(key);
  });

  test.each([
    ["nothing", "", /no key/],
    ["MD5", `hmac-md5:update:${secret}`, /algorithm is "hmac-md5"/],
    ["a short secret", "hmac-sha256:update:c2hvcnQ=", /5 octets; expected 16/],
    ["no base64", "hmac-sha256:update:$$$$", /not base64/],
    ["a name that is none", `hmac-sha256:up/date:${secret}`, /no DNS name/],
    ["too much", "x".repeat(5000), /longer than 4096/],
    ["a property of objects", `constructor:update:${secret}`, /algorithm/],
  ])("with %s is refused", (_, text, message) => {
    expect(() => parseTsigKey(text)).toThrow(message);
  });

  test("is never quoted: whatever is in it, no error holds the secret", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        try {
          parseTsigKey(`${before}${secret}${after}`);
        } catch (error) {
          expect(error).toBeInstanceOf(DnsHostError);
          expect((error as Error).message).not.toContain(secret.slice(0, 12));
        }
      }),
    );
  });
});
