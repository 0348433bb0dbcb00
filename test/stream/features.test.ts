import { describe, expect, test } from "@jest/globals";
import { type Features, featuresElement, readFeatures } from "../../src/stream/features";
import { saslNamespace, streamsNamespace } from "../../src/stream/namespaces";
import { xml } from "../../src/stream/xml/element";

const FEATURES: readonly Features[] = [
  {},
  { starttls: "required" },
  { starttls: "optional", dialback: { errors: true } },
  { mechanisms: ["EXTERNAL"] },
  { mechanisms: ["EXTERNAL"], dialback: { errors: false } },
];

describe("stream features", () => {
  test.each(FEATURES.map((features) => [JSON.stringify(features), features] as const))(
    "%s reads back",
    (_, features) => {
      expect(readFeatures(featuresElement(features))).toEqual(features);
    },
  );

  test("an empty list of mechanisms is none", () => {
    expect(readFeatures(xml("features", streamsNamespace, {}, xml("mechanisms", saslNamespace)))).toEqual({});
    expect(featuresElement({ mechanisms: [] }).children).toEqual([]);
  });

  test("mechanisms are compared without case and white space, and bounded", () => {
    const mechanisms = Array.from({ length: 100 }, () => xml("mechanism", saslNamespace, {}, " external "));
    const read = readFeatures(
      xml("features", streamsNamespace, {}, xml("mechanisms", saslNamespace, {}, ...mechanisms)),
    );
    expect(read.mechanisms).toHaveLength(32);
    expect(read.mechanisms?.[0]).toBe("EXTERNAL");
  });

  test("features of other namespaces are not ours", () => {
    const other = ["starttls", "mechanisms", "dialback"].map((name) => xml(name, "urn:other"));
    expect(readFeatures(xml("features", streamsNamespace, {}, ...other))).toEqual({});
  });
});
