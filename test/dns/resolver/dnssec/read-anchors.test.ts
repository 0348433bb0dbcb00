import { describe, expect, test } from "@jest/globals";
import { readAnchors } from "../../../../src/dns";
import { ROOT_ANCHORS } from "../../../../src/dns/resolver/dnssec/root-anchors";

const DS = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
/** The root's key of 2017, as IANA publishes it: its DS above is IANA's too. */
const KEY =
  "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";
const [ROOT_2017] = ROOT_ANCHORS[0]!.delegations;

describe("DNSSEC anchors", () => {
  test.each([
    ["a DS record", DS],
    [
      "with TTL, comment and spaces in the digest",
      `; root\n.\t172800 IN DS 20326 8 2 ${DS.slice(18, 40)} ${DS.slice(40)} ; 2017`,
    ],
    ["a DNSKEY record", `. 172800 IN DNSKEY 257 3 8 ${KEY}`],
    ["over several lines", `. IN DNSKEY 257 3 8 (\n  ${KEY.slice(0, 60)}\n  ${KEY.slice(60)} ) ; key id = 20326`],
    ["beside other records", `. 518400 IN NS a.root-servers.net.\n${DS}`],
  ])("are read: %s", (_, text) => {
    expect(readAnchors(text)).toEqual([{ zone: ".", delegations: [ROOT_2017] }]);
  });

  test("of several zones, several keys of one", () => {
    const anchors = readAnchors(
      `${DS}\n${DS.replace("20326", "38696")}\nContoso.Example. IN DS 1 13 2 ${"ab".repeat(32)}`,
    );
    expect(anchors.map(({ zone, delegations }) => [zone, delegations.length])).toEqual([
      [".", 2],
      ["contoso.example", 1],
    ]);
  });

  test.each([
    ["nothing", ""],
    ["no such records", "a.example. IN A 198.51.100.7"],
    ["a digest of another length", DS.slice(0, -2)],
    ["no digest", ". IN DS 20326 8 2"],
    ["numbers out of range", DS.replace("20326", "70000")],
    ["a key that is none", ". IN DNSKEY 257 3 8 !"],
    ["a name that is none", `a..b ${DS.slice(2)}`],
    ["XML", "<TrustAnchor><Zone>.</Zone></TrustAnchor>"],
  ])("are refused: %s", (_, text) => {
    expect(() => readAnchors(text)).toThrow(/^DNSSEC anchor: /);
  });
});
