import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type EdgeInput, facts, parseDefinition } from "../../src/definition";
import { runCli } from "./run-cli";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-diff-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EDGE: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: "xmpp.contoso.example" },
  domains: [{ name: "contoso.example" }],
  partners: [{ domain: "fabrikam.example", partnerType: "Federated" }],
};
const write = (name: string, value: unknown) => {
  const file = join(folder, name);
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
};
const more = { ...EDGE, partners: [...EDGE.partners!, { domain: "new.example" }] };
const documentOf = (input: EdgeInput) => facts(parseDefinition(input).definition!).gateway;

describe("diff", () => {
  test("says what is allowed now, and what the deploy touches", async () => {
    const { code, stdout } = await runCli(["diff", write("old.json", EDGE), write("new.json", more)]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "More is allowed",
        "  + new.example may federate with every domain of ours: PublicUnverified, by SASL over TLS",
        "",
        "On AWS",
        "  ~ gateway document in S3: update; a new version, which the running gateway takes up; nothing restarts",
        "",
      ].join("\n"),
    );
  });

  test("says nothing of two that are equal, and ends with 0 either way", async () => {
    const old = write("old.json", EDGE);
    const { code, stdout } = await runCli(["diff", old, write("same.yaml", JSON.stringify(EDGE)), "--exit-code"]);
    expect([code, stdout]).toEqual([0, "No difference.\n"]);
  });

  test("ends with 1 where they differ and --exit-code asks for it", async () => {
    const { code } = await runCli(["diff", write("old.json", EDGE), write("new.json", more), "--exit-code"]);
    expect(code).toBe(1);
  });

  test("compares a compiled document with a definition, by what the document knows", async () => {
    const { code, stdout } = await runCli([
      "diff",
      write("doc.json", documentOf(more)),
      write("old.json", EDGE),
      "--json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      differ: true,
      compared: "documents",
      changes: [{ part: "partner", subject: "new.example", change: "removed", effect: "revokes" }],
      aws: [],
    });
  });

  test.each<[string, () => string, RegExp]>([
    ["a missing file", () => join(folder, "none.json"), /none\.json/],
    ["a broken one", () => write("broken.json", "{"), /JSON/],
    ["a document that is none", () => write("bad.json", { ...documentOf(EDGE), image: "evil" }), /document\.image/],
  ])("%s: used wrongly", async (_name, file, words) => {
    const { code, stderr, stdout } = await runCli(["diff", write("old.json", EDGE), file()]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(words);
  });
});
