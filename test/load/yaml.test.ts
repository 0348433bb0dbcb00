import { describe, expect, it, test } from "@jest/globals";
import { formatPath } from "../../src/definition";
import { loadingFolder, refusal } from "./loading";

const { load, placed } = loadingFolder();
const YAML_LEAST = "name: contoso\naccessEdge: {fqdn: edge.contoso.example}\ndomains: [{name: contoso.example}]\n";

describe("YAML", () => {
  test.each([
    ["a tab as indentation", "a:\n\tb: 1", "Tabs are not allowed"],
    ["an unterminated text", 'a: "x\n', "Missing closing"],
    ["an unknown alias", "a: *b", "Unresolved alias"],
    ["more than one document", "a: 1\n---\nb: 2", "holds more than one YAML document"],
    ["a custom tag", "name: !secret x", "Unresolved tag"],
    ["a tag that would make bytes", "name: !!binary aGk=", "Unresolved tag"],
    ["a directive for an older YAML", "%YAML 1.1\n---\nname: x", "is YAML 1.1"],
    ["a list as a key", "? [a, b]\n: c\n", "has a key that is no plain text"],
  ])("with %s is unparsable", async (_, text, reason) => {
    const error = await refusal(load("yaml", text));
    expect(error).toMatchObject({ code: "unparsable" });
    expect(error.message).toContain(reason);
  });

  it("is read as YAML 1.2: no, on and 010 are what they look like", async () => {
    const { findings } = await load(
      "yaml",
      `${YAML_LEAST}gateway: {connectionLimit: 010, enableLoggingAllMessageBodies: no}\n`,
    );
    expect(findings.filter(({ severity }) => severity === "error").map(({ id, value }) => [id, value])).toEqual([
      ["type-wrong", "no"],
    ]);
  });

  it("knows no merge keys", async () => {
    const { findings } = await load("yaml", `${YAML_LEAST}x: &x {ttl: 5}\ndns: {<<: *x}\n`);
    expect(findings.map(({ path }) => formatPath(path))).toContain('dns["<<"]');
  });

  it("takes a byte order mark and CR LF", async () => {
    for (const text of [`\ufeff${YAML_LEAST}`, YAML_LEAST.replaceAll("\n", "\r\n")])
      expect((await load("yml", text)).definition).toBeDefined();
  });

  test.each([
    ["LF", "\n"],
    ["CR LF", "\r\n"],
  ])("findings stand where they are, with %s", async (_, end) => {
    const text = [
      "name: Contoso",
      "accessEdge:",
      "  fdqn: x",
      "domains:",
      "  - &one",
      "    name: a_b",
      "  - {}",
      "partners:",
      "  - *one",
      "a: 1",
      "name: contoso",
    ];
    expect((await placed("yaml", text.join(end))).filter((line) => !line.includes("absent"))).toEqual([
      "11:1 key-duplicate name",
      "3:3 required accessEdge.fqdn",
      "3:3 key-unknown accessEdge.fdqn",
      "6:11 value-invalid domains[0].name",
      "7:5 required domains[1].name",
      "9:5 required partners[0].domain",
      "6:5 key-unknown partners[0].name",
      "10:1 key-unknown a",
    ]);
  });

  test("aliases that multiply are refused", async () => {
    const levels = [..."abcdefghi"];
    const bomb = levels.map(
      (name, at) =>
        `${name}: &${name} [${
          at === 0
            ? "1"
            : Array(9)
                .fill(`*${levels[at - 1]}`)
                .join(", ")
        }]`,
    );
    expect((await refusal(load("yaml", bomb.join("\n")))).message).toContain("Excessive alias count");
  });

  test("an alias of itself is refused", async () => {
    const { findings } = await load("yaml", `${YAML_LEAST}partners: &a [*a]\n`);
    expect(findings.map(({ id }) => id)).toEqual(["nesting-deep"]);
  });

  test("one value for many partners is no bomb", async () => {
    const partners = Array.from({ length: 500 }, (_, index) => `  - {domain: p${index}.example, partnerType: *type}`);
    const text = `${YAML_LEAST}partners:\n  - {domain: first.example, partnerType: &type Federated}\n${partners.join("\n")}\n`;
    expect((await load("yaml", text)).definition?.partners).toHaveLength(501);
  });

  test.each([
    ["flow lists", "[".repeat(1_000_000)],
    ["flow objects", "{a: ".repeat(100_000)],
    ["compact lists", "- ".repeat(100_000)],
    ["indented objects", Array.from({ length: 3000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["explicit keys", "? ".repeat(100_000)],
  ])("%s nested without end are refused before anything recurses", async (_, text) => {
    expect(await refusal(load("yaml", text))).toMatchObject({ code: "too-deep" });
  });
});
