import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { runCli } from "./run-cli";

describe("schema", () => {
  it("is the JSON Schema of what may be written, required parts and closed objects included", async () => {
    const { code, stdout } = await runCli(["schema"]);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout);
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.required).toEqual(["name", "accessEdge", "domains"]);
    expect(schema.additionalProperties).toBe(false);
    const partner = schema.properties.partners.items;
    expect(partner.required).toEqual(["domain"]);
    expect(partner.properties.tlsNegotiation).toMatchObject({
      default: "Required",
      enum: ["Required", "Optional", "NotSupported"],
    });
  });

  it("knows every key of the example", async () => {
    const schema = JSON.parse((await runCli(["schema"])).stdout);
    const example = JSON.parse(readFileSync("examples/contoso/edge.config.json", "utf8"));
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(example)));
  });
});
