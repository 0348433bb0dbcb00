import { describe, expect, test } from "@jest/globals";
import { delegationsOf } from "../../../../src/dns/resolver/dnssec/delegation";
import { ROOT_ANCHORS } from "../../../../src/dns/resolver/dnssec/root-anchors";
import { TrustChain } from "../../../../src/dns/resolver/dnssec/trust-chain";
import { nameText } from "../../../../src/dns/resolver/dnssec/wire-name";
import { TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import type { Heard } from "../../../../src/dns/resolver/dnssec/zone-trust";
import { dnskeys, ds, NOW, nsec, signed, zoneKey } from "./signer";

const root = zoneKey();
const top = zoneKey();
const contoso = zoneKey(15);
const heard = (answers: readonly WireRecord[], authorities: readonly WireRecord[] = []): Heard => ({
  exists: true,
  answers,
  authorities,
});

/** What servers answer: `<type> <name> at <zone whose servers are asked>`. */
const SOUND: Readonly<Record<string, Heard>> = {
  "48 . at .": heard(signed(dnskeys("", root), "", root)),
  "43 example at .": heard(signed([ds("example", top)], "", root)),
  "48 example at example": heard(signed(dnskeys("example", top), "example", top)),
  "43 contoso.example at example": heard(signed([ds("contoso.example", contoso)], "example", top)),
  "48 contoso.example at contoso.example": heard(
    signed(dnskeys("contoso.example", contoso), "contoso.example", contoso),
  ),
  "43 island.example at example": heard([], signed([nsec("island.example", "z.example", [TYPE.NS])], "example", top)),
};
const PATH = [".", "example", "contoso.example"];

function chain(
  changes: Readonly<Record<string, Heard>> = {},
  anchors = [{ zone: ".", delegations: delegationsOf([ds("", root)]) }],
) {
  const asked: string[] = [];
  const answers = { ...SOUND, ...changes };
  const ask = async ({ name, type }: { name: string; type: number }, zone: string): Promise<Heard> => {
    const question = `${type} ${name} at ${zone}`;
    asked.push(question);
    return answers[question] ?? { failed: "no such question in this test" };
  };
  return { asked, trust: new TrustChain({ anchors, now: NOW, ask }) };
}

describe("trust", () => {
  test("leads from the root's anchor to a zone, each question asked once and at the right servers", async () => {
    const { asked, trust } = chain();
    const [first, second] = await Promise.all([trust.trustIn(PATH), trust.trustIn(PATH)]);
    expect(first).toMatchObject({ status: "secure", keys: [{ tag: contoso.tag }] });
    expect(second).toBe(first);
    expect([...asked].sort()).toEqual(
      Object.keys(SOUND)
        .filter((question) => !question.includes("island"))
        .sort(),
    );
  });

  test("ends where the parent proves that there is no DS, for everything below too", async () => {
    const { trust } = chain();
    expect(await trust.trustIn([".", "example", "island.example"])).toMatchObject({
      status: "insecure",
      because: "no-ds",
    });
    const below = await trust.trustIn([".", "example", "island.example", "deep.island.example"]);
    expect(below).toMatchObject({ status: "insecure", because: "no-ds" });
  });

  test.each<[string, Readonly<Record<string, Heard>>, object]>([
    [
      "the parent's denial is missing",
      { "43 contoso.example at example": heard([]) },
      { status: "bogus", fault: "unproved-denial" },
    ],
    [
      "the DS was taken out",
      {
        "43 contoso.example at example": heard(
          [],
          signed([nsec("contoso.example", "z.example", [TYPE.NS, TYPE.DS])], "example", top),
        ),
      },
      { status: "bogus", fault: "unproved-denial" },
    ],
    [
      "the top's keys are others",
      { "48 example at example": heard(signed(dnskeys("example", contoso), "example", contoso)) },
      { status: "bogus", fault: "ds-mismatch" },
    ],
    ["the root is silent", { "48 . at .": { failed: "timeout" } }, { status: "indeterminate", reason: "timeout" }],
    [
      "the parent is silent",
      { "43 contoso.example at example": { failed: "timeout" } },
      { status: "indeterminate", reason: "timeout" },
    ],
  ])("is lost where %s", async (_, changes, expected) => {
    expect(await chain(changes).trust.trustIn(PATH)).toMatchObject(expected);
  });

  test("names the zone above that is broken, not the one asked for", async () => {
    const found = await chain({ "48 example at example": heard([]) }).trust.trustIn(PATH);
    expect(found).toMatchObject({ status: "bogus", fault: "no-keys" });
    expect(nameText(found.zone)).toBe("example");
  });

  test("begins at an anchor below the root, and nowhere else", async () => {
    const anchors = [{ zone: "example.", delegations: delegationsOf([ds("example", top)]) }];
    const { asked, trust } = chain({}, anchors);
    expect(await trust.trustIn(PATH)).toMatchObject({ status: "secure" });
    expect(asked.some((question) => question.endsWith("at ."))).toBe(false);
    expect(await trust.trustIn([".", "other"])).toMatchObject({ status: "insecure", because: "no-ds" });
  });

  test("in the root rests on IANA's two keys", () => {
    expect(
      ROOT_ANCHORS.flatMap(({ delegations }) => delegations.map(({ tag, digest }) => [tag, digest.length])),
    ).toEqual([
      [20326, 32],
      [38696, 32],
    ]);
  });
});
