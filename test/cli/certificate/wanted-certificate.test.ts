import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { defineEdge, type EdgeInput, gatewayDocument } from "../../../src/definition";
import { runCli } from "../run-cli";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wanted-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compiled = (change: Partial<EdgeInput>) =>
  gatewayDocument(
    defineEdge({
      name: "contoso",
      accessEdge: { fqdn: "edge.contoso.example" },
      domains: [{ name: "contoso.example" }],
      ...change,
    }),
  );
const acme: EdgeInput["certificate"] = { source: { kind: "acme" } };
const dns: EdgeInput["dns"] = { kind: "rfc2136", server: "192.0.2.53", tsigKeyFile: "/not/here" };

describe("a compiled document that gives no certificate ends 2 and says why", () => {
  test.each<[string, string, object, RegExp]>([
    ["acme", "from ACM", compiled({ certificate: { source: { kind: "acm" } } }), /comes from acm, not from ACME/],
    ["acm", "from ACME", compiled({ certificate: acme, dns }), /comes from acme, not from ACM/],
    ["acme", "from a person", compiled({}), /a source that the document does not name/],
    ["acme", "by updates, without a key", compiled({ certificate: acme, dns }), /names no file.*\n.*--tsig-key/],
    ["acme", "into a zone file", compiled({ certificate: acme }), /nothing says how challenge records/],
    [
      "acme",
      "with an unknown key",
      { ...compiled({ certificate: acme, dns }), image: "evil" },
      /document.image: is not known/,
    ],
  ])("%s of one %s", async (verb, _how, document, message) => {
    const file = join(folder, "document.json");
    writeFileSync(file, JSON.stringify(document));
    const run = await runCli([
      "certificate",
      verb,
      file,
      "--store",
      join(folder, "store"),
      ...(verb === "acm" ? [] : ["--agree-terms"]),
    ]);
    expect(run).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  });
});
